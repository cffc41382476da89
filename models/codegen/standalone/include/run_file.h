// What a run is told when it starts, beside its arrays. N_CONSTANTS is defined above by the generator.
#ifndef EQUISPIKE_RUN_FILE_H
#define EQUISPIKE_RUN_FILE_H
#include <string>

namespace equispike {

// Numbers of the namespace in the order of their names, and the seed.
extern double constants[N_CONSTANTS + 1];
extern unsigned long seed;
void read_run_file(const std::string& path);
// Nobody reads the results of a program whose caller was killed (Linux alone).
void end_with_parent();
// Ends the program with a code that says so: what it left would be taken for whole.
void cannot_write();

}
#endif
