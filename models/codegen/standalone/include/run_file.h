// What a run is told when it starts, beside its arrays. N_CONSTANTS is defined above by the generator.
#ifndef EQUISPIKE_RUN_FILE_H
#define EQUISPIKE_RUN_FILE_H
#include <string>

namespace equispike {

// Numbers of the namespace in the order of their names, and the seed.
extern double constants[N_CONSTANTS + 1];
extern unsigned long seed;
void read_run_file(const std::string& path);

}
#endif
