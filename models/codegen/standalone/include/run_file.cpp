#include "run_file.h"
#include <cstdlib>
#include <fstream>
#include <iostream>
#ifdef __linux__
#include <csignal>
#include <sys/prctl.h>
#endif

namespace equispike {

double constants[N_CONSTANTS + 1];
unsigned long seed;

void read_run_file(const std::string& path)
{
    std::ifstream file(path);
    std::string word;
    for (int i = 0; i < N_CONSTANTS; i++)
        if (file >> word) constants[i] = std::strtod(word.c_str(), nullptr);
    if (!(file >> seed)) {
        std::cerr << "cannot read the run file " << path << std::endl;
        std::exit(1);
    }
}

void end_with_parent()
{
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

void cannot_write()
{
    std::cerr << "cannot write the results" << std::endl;
    std::_Exit(28);
}

}
