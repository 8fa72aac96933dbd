// The entries of d2nn.h that make, run and destroy things. Each checks its arguments, then goes through guard().
#include "d2nn/d2nn.h"

#include <memory>
#include <string>
#include <utility>

#include "api/arguments.h"
#include "api/errors.h"
#include "exec/context.h"
#include "exec/model.h"

struct d2nn_model {
  std::unique_ptr<d2nn::exec::Model> model;
};

struct d2nn_context {
  d2nn_context(std::unique_ptr<d2nn::exec::Context> made, const d2nn_module& module)
      : context(std::move(made)), arguments(module) {}

  std::unique_ptr<d2nn::exec::Context> context;
  d2nn::api::RunArguments arguments;
  d2nn::api::ErrorText error;
};

namespace {

using d2nn::Result;
using d2nn::Status;
using d2nn::api::guard;

Status is_null(const char* argument) {
  return {D2NN_INVALID_ARGUMENT, std::string(argument) + " is NULL"};
}

Status create_model(const d2nn_module* module, const d2nn_weights_source* source, d2nn_model** model) {
  if (model == nullptr) return is_null("model");
  *model = nullptr;
  if (module == nullptr) return is_null("module");
  if (Status status = d2nn::api::check_source(source); !status.ok()) return status;
  Result<std::unique_ptr<d2nn::exec::Model>> made = d2nn::exec::Model::create(*module, source);
  if (!made.ok()) return made.status();
  *model = new d2nn_model{*std::move(made)};
  return {};
}

Status create_context(const d2nn_model* model, const d2nn_context_options* options, d2nn_context** context) {
  if (context == nullptr) return is_null("context");
  *context = nullptr;
  if (model == nullptr) return is_null("model");
  if (Status status = d2nn::api::check_options(options); !status.ok()) return status;
  Result<std::unique_ptr<d2nn::exec::Context>> made =
      d2nn::exec::Context::create(*model->model, options->max_batch, options->threads);
  if (!made.ok()) return made.status();
  *context = new d2nn_context(*std::move(made), model->model->module());
  return {};
}

}  // namespace

extern "C" {

d2nn_status d2nn_model_create(const d2nn_module* module, const d2nn_weights_source* source, d2nn_model** model) {
  return guard(nullptr, [&] { return create_model(module, source, model); });
}

void d2nn_model_destroy(d2nn_model* model) {
  delete model;
}

d2nn_status d2nn_context_create(const d2nn_model* model, size_t max_batch, d2nn_context** context) {
  const d2nn_context_options options = {.struct_size = sizeof(options), .max_batch = max_batch, .threads = 0};
  return d2nn_context_create_with(model, &options, context);
}

d2nn_status d2nn_context_create_with(const d2nn_model* model, const d2nn_context_options* options,
                                     d2nn_context** context) {
  return guard(nullptr, [&] { return create_context(model, options, context); });
}

void d2nn_context_destroy(d2nn_context* context) {
  delete context;
}

d2nn_status d2nn_run(d2nn_context* context, size_t batch, const float* const* inputs, float* const* outputs,
                     const d2nn_run_options* options) {
  return guard(context == nullptr ? nullptr : &context->error, [&]() -> Status {
    if (context == nullptr) return is_null("context");
    d2nn::exec::RunRequest request;
    if (Status status = context->arguments.check(*context->context, batch, inputs, outputs, options, request);
        !status.ok()) {
      return status;
    }
    return context->context->run(request);
  });
}

const char* d2nn_error_message(const d2nn_context* context) {
  return context == nullptr ? d2nn_last_error() : context->error.text();
}

}  // extern "C"
