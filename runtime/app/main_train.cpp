// main() of executables built with --train: the same commands, and train and eval.
#include "app/dispatch.h"
#include "train/eval_command.h"
#include "train/train_command.h"

int main(int argc, char** argv) {
  d2nn::train::TrainCommand train;
  d2nn::train::EvalCommand eval;
  return d2nn::app::dispatch(argc, argv, [&](CLI::App& app, const d2nn_module& module, int& status) {
    CLI::App* train_app = app.add_subcommand("train", "Train the network");
    d2nn::train::add_train_options(*train_app, train);
    train_app->callback([&] { status = d2nn::train::run_train_command(module, train); });
    CLI::App* eval_app = app.add_subcommand("eval", "Evaluate on a data set: metric, cost and distribution over paths");
    d2nn::train::add_eval_options(*eval_app, eval);
    eval_app->callback([&] { status = d2nn::train::run_eval_command(module, eval); });
  });
}
