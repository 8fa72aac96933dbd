// Writes docs/ops.md to the path it is given; run by the target `update-ops-page`.
#include <fstream>
#include <iostream>

#include "ops/op_docs.h"

int main(int argument_count, char** arguments) {
  if (argument_count != 2) {
    std::cerr << "usage: d2nn_ops_page FILE\n";
    return 2;
  }
  std::ofstream file(arguments[1], std::ios::binary);
  file << d2nn::ops::ops_page() << std::flush;
  if (file) return 0;
  std::cerr << arguments[1] << ": cannot be written\n";
  return 1;
}
