"""Parameter sweeps: from a sweep file to a plan of runs, carried out by Snakemake here or on a cluster."""
