// main() of every executable that `d2nn build` makes. The module comes by the symbol d2nn_app_module.
#include "app/dispatch.h"

int main(int argc, char** argv) {
  return d2nn::app::dispatch(argc, argv, [](CLI::App&, const d2nn_module&, int&) {});
}
