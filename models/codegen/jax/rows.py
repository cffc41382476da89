"""Two loops that XLA has no fast form of on a CPU: which neurons have an event, and the sum of a matrix's rows of these.

Of some hundred inputs one or two spike in a time step: a matrix product would multiply the rest with zeros, and XLA's own
gathering of rows takes longer than that. The loops are compiled with the C++ compiler of the cpp backend; without one, and
on a GPU, JAX's own operations take their place.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import subprocess
from pathlib import Path

import jax
import jax.numpy as jnp

from equispike.models.codegen.compilers import compiler_command, compiler_missing
from equispike.models.codegen.cpp.backend import machine_flags
from equispike.models.codegen.standalone import checksums
from equispike.models.codegen.standalone.cache import building, cache_dir, publish
from equispike.models.codegen.standalone.ownership import why_unsafe
from equispike.models.errors import EquispikeError

_SOURCE = r"""
#include "xla/ffi/api/ffi.h"
namespace ffi = xla::ffi;

// y (lanes, m) = x (lanes, n) times w (lanes or 1, n, m)
template <ffi::DataType type>
static ffi::Error rows_added(ffi::Buffer<type> x, ffi::Buffer<type> w, ffi::ResultBuffer<type> y) {
  using T = ffi::NativeType<type>;
  const auto size = w.dimensions();
  const int64_t m = size.back(), n = size[size.size() - 2];
  const int64_t lanes = x.element_count() / n, own = w.element_count() > n * m ? n * m : 0;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    const T* __restrict xs = x.typed_data() + lane * n;
    const T* matrix = w.typed_data() + lane * own;
    T* __restrict ys = y->typed_data() + lane * m;
    for (int64_t j = 0; j < m; ++j) ys[j] = 0;
    constexpr int64_t block = 32;
    for (int64_t start = 0; start < n; start += block) {
      const int64_t stop = start + block < n ? start + block : n;
      T any = 0;
      for (int64_t i = start; i < stop; ++i) any += xs[i] * xs[i];
      if (any == 0) continue;
      for (int64_t i = start; i < stop; ++i) {
        const T factor = xs[i];
        if (factor == 0) continue;
        const T* __restrict row = matrix + i * m;
        for (int64_t j = 0; j < m; ++j) ys[j] += factor * row[j];
      }
    }
  }
  return ffi::Error::Success();
}

// which (lanes, n or more): numbers of the neurons with an event, in order, then n; counts (lanes): how many these are
template <ffi::DataType type>
static ffi::Error events_found(ffi::Buffer<type> events, ffi::ResultBuffer<ffi::S32> which,
                               ffi::ResultBuffer<ffi::S32> counts) {
  using T = ffi::NativeType<type>;
  const int64_t n = events.dimensions().back(), lanes = events.element_count() / n, length = which->dimensions().back();
  for (int64_t lane = 0; lane < lanes; ++lane) {
    const T* __restrict flags = events.typed_data() + lane * n;
    int32_t* __restrict found = which->typed_data() + lane * length;
    int64_t count = 0;
    constexpr int64_t block = 32;
    for (int64_t start = 0; start < n; start += block) {
      const int64_t stop = start + block < n ? start + block : n;
      T any = 0;
      for (int64_t i = start; i < stop; ++i) any += flags[i];
      if (any == 0) continue;
      for (int64_t i = start; i < stop; ++i)
        if (flags[i] > 0) found[count++] = (int32_t)i;
    }
    counts->typed_data()[lane] = (int32_t)count;
    for (; count < length; ++count) found[count] = (int32_t)n;
  }
  return ffi::Error::Success();
}

#define DEFINE_FOUND(name, type) \
  XLA_FFI_DEFINE_HANDLER_SYMBOL(name, events_found<type>, ffi::Ffi::Bind().Arg<ffi::Buffer<type>>() \
      .Ret<ffi::Buffer<ffi::S32>>().Ret<ffi::Buffer<ffi::S32>>())
DEFINE_FOUND(events_found_float32, ffi::F32);
DEFINE_FOUND(events_found_float64, ffi::F64);
#define DEFINE(name, type) \
  XLA_FFI_DEFINE_HANDLER_SYMBOL(name, rows_added<type>, ffi::Ffi::Bind().Arg<ffi::Buffer<type>>() \
      .Arg<ffi::Buffer<type>>().Ret<ffi::Buffer<type>>())
DEFINE(rows_added_float32, ffi::F32);
DEFINE(rows_added_float64, ffi::F64);
"""


@functools.cache
def is_compiled() -> bool:
    """Whether the loop can be used: made at the first call, and kept in the build cache."""
    if jax.default_backend() != "cpu" or compiler_missing():
        return False
    flags = ["-O3", "-ffast-math", "-fno-finite-math-only", *machine_flags(), "-std=c++17", "-fPIC", "-w"]
    compiler = compiler_command()
    try:
        library = _made(compiler, [*compiler, *flags, f"-I{jax.ffi.include_dir()}", "-c"])
    except (OSError, subprocess.CalledProcessError, EquispikeError):
        return False
    functions = ctypes.CDLL(str(library))
    for name in (f"{loop}_{dtype}" for loop in ("rows_added", "events_found") for dtype in ("float32", "float64")):
        jax.ffi.register_ffi_target(f"equispike_{name}", jax.ffi.pycapsule(getattr(functions, name)), platform="cpu")
    return True


def _made(compiler: list[str], words: list[str]) -> Path:
    """Linked without -ffast-math: with it, loading the library would round small numbers to zero in all of this process."""
    processor = next((line for line in _cpuinfo() if line.startswith("flags")), "")
    key = hashlib.sha256("\n".join([_SOURCE, *words, jax.__version__, processor]).encode()).hexdigest()[:24]
    directory = cache_dir() / f"rows-{key}"
    if checksums.damage(directory) or why_unsafe(cache_dir()):
        with building() as folder:
            source, compiled, made = (folder / f"rows.{suffix}" for suffix in ("cpp", "o", "so"))
            source.write_text(_SOURCE)
            subprocess.run([*words, str(source), "-o", str(compiled)], check=True, capture_output=True)
            subprocess.run([*compiler, "-shared", str(compiled), "-o", str(made)], check=True, capture_output=True)
            publish(folder, directory)
    return directory / "rows.so"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def rows_added(x: jax.Array, weights: jax.Array) -> jax.Array:
    """``x @ weights`` of x (n,) and weights (n, m)."""
    if not is_compiled():
        return x @ weights
    dtype = jnp.result_type(x, weights)
    call = jax.ffi.ffi_call(
        f"equispike_rows_added_{dtype}", jax.ShapeDtypeStruct(weights.shape[1:], dtype), vmap_method="expand_dims"
    )
    return call(x.astype(dtype), weights.astype(dtype))


def events_found(events: jax.Array, more: int) -> tuple[jax.Array, jax.Array]:
    """Numbers of the neurons with an event (n + more,), in order and followed by n; how many (). ``events`` (n,) are 0 or 1."""
    (n,) = events.shape
    if not is_compiled():
        which = jnp.nonzero(events > 0, size=n + more, fill_value=n)[0].astype(jnp.int32)
        return which, (events > 0).sum(dtype=jnp.int32)
    results = [jax.ShapeDtypeStruct((n + more,), jnp.int32), jax.ShapeDtypeStruct((), jnp.int32)]
    which, count = jax.ffi.ffi_call(f"equispike_events_found_{events.dtype}", results, vmap_method="expand_dims")(
        events
    )
    return which, count
