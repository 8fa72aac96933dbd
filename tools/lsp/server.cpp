// One message after the other, in the order in which they come. A changed text is analysed when nothing more has come
// or when a request needs to know it: of the edits that queue up while one types, the newest text alone is analysed.
#include <functional>
#include <map>
#include <ostream>

#include "d2nn/version.h"
#include "lsp/features.h"
#include "lsp/lsp.h"
#include "lsp/transport.h"

namespace d2nn::lsp {
namespace {

/// Error codes of JSON-RPC and of the protocol.
enum ErrorCode {
  parse_error = -32700,
  invalid_request = -32600,
  method_not_found = -32601,
  invalid_params = -32602,
  internal_error = -32603,
  not_initialized = -32002,
  request_failed = -32803
};

class Server {
 public:
  explicit Server(std::ostream& out) : out_(out) {
    const auto on_document = [this](bool needs_analysis, auto answer) {
      return [this, needs_analysis, answer](const Json& params) -> Json {
        if (needs_analysis) settle();
        const Document* document = documents_.find(params.at("textDocument").at("uri").get<std::string>());
        return document == nullptr ? Json(nullptr) : answer(*document, params);
      };
    };
    requests_ = {
        {"textDocument/hover",
         on_document(true, [](const Document& document,
                              const Json& params) { return hover(document, params.at("position")); })},
        {"textDocument/definition", on_document(true,
                                                [this](const Document& document, const Json& params) {
                                                  return definition(documents_, document, params.at("position"));
                                                })},
        {"textDocument/references",
         on_document(true,
                     [this](const Document& document, const Json& params) {
                       const bool with_declaration = params.at("context").at("includeDeclaration").get<bool>();
                       return references(documents_, document, params.at("position"), with_declaration);
                     })},
        {"textDocument/prepareRename", on_document(true,
                                                   [this](const Document& document, const Json& params) {
                                                     return prepare_rename(documents_, document, params.at("position"));
                                                   })},
        {"textDocument/rename", on_document(true,
                                            [this](const Document& document, const Json& params) {
                                              return rename(documents_, document, params.at("position"),
                                                            params.at("newName").get<std::string>());
                                            })},
        {"textDocument/completion",
         on_document(false, [](const Document& document,
                               const Json& params) { return completion(document, params.at("position")); })},
        {"textDocument/documentSymbol",
         on_document(true, [](const Document& document, const Json&) { return symbols(document); })},
        {"textDocument/formatting",
         on_document(false, [](const Document& document, const Json&) { return formatting(document); })},
        {"textDocument/codeAction", on_document(true,
                                                [](const Document& document, const Json& params) {
                                                  return code_actions(document, document.uri(), params.at("range"));
                                                })},
    };
  }

  void receive(const std::string& text) {
    const Json message = parse_message(text);
    if (message.is_discarded())
      return fail(nullptr, parse_error, "the message is not JSON, or nested more than 256 deep");
    const bool has_method = message.is_object() && message.contains("method") && message["method"].is_string();
    const Json id = message.is_object() && message.contains("id") ? message["id"] : Json(nullptr);
    if (!has_method) {
      if (message.is_object() && (message.contains("result") || message.contains("error"))) return;  // an answer to us
      return fail(id, invalid_request, "the message has no method");
    }
    const std::string method = message["method"].get<std::string>();
    const Json params = message.contains("params") ? message["params"] : Json::object();
    const bool is_request = message.contains("id");
    try {
      is_request ? request(id, method, params) : notify(method, params);
    } catch (const Refusal& refusal) {
      fail(id, request_failed, refusal.what());
    } catch (const Json::exception& error) {
      if (is_request) fail(id, invalid_params, method + ": " + error.what());
    }
  }

  /// Analyses what waits for it and publishes what was found.
  void settle() {
    if (was_shut_down_) return;
    while (const Document* document = documents_.analyse_next()) publish(*document);
  }

  bool is_over() const { return is_over_; }
  int status() const { return was_shut_down_ ? 0 : 1; }

 private:
  void send(Json message) {
    message["jsonrpc"] = "2.0";
    write_message(out_, message);
  }
  void fail(const Json& id, ErrorCode code, const std::string& message) {
    send({{"id", id}, {"error", {{"code", code}, {"message", message}}}});
  }

  void request(const Json& id, const std::string& method, const Json& params) {
    if (method == "initialize") {
      if (is_initialized_) return fail(id, invalid_request, "initialize was sent twice");
      is_initialized_ = true;
      return send(
          {{"id", id},
           {"result",
            {{"capabilities", capabilities()}, {"serverInfo", {{"name", "d2nn"}, {"version", D2NN_VERSION}}}}}});
    }
    if (!is_initialized_) return fail(id, not_initialized, method + " came before initialize");
    if (was_shut_down_) return fail(id, invalid_request, method + " came after shutdown");
    if (method == "shutdown") {
      was_shut_down_ = true;
      return send({{"id", id}, {"result", nullptr}});
    }
    const auto answer = requests_.find(method);
    if (answer == requests_.end()) return fail(id, method_not_found, "d2nn does not serve " + method);
    Json result = answer->second(params);
    send({{"id", id}, {"result", std::move(result)}});
  }

  static Json capabilities() {
    return {{"positionEncoding", "utf-16"},
            {"textDocumentSync", {{"openClose", true}, {"change", 2}, {"save", false}}},
            {"hoverProvider", true},
            {"definitionProvider", true},
            {"referencesProvider", true},
            {"renameProvider", {{"prepareProvider", true}}},
            {"documentSymbolProvider", true},
            {"documentFormattingProvider", true},
            {"codeActionProvider", {{"codeActionKinds", {"quickfix"}}}},
            {"completionProvider", {{"triggerCharacters", {".", "(", ">", " "}}}}};
  }

  void notify(const std::string& method, const Json& params) {
    if (method == "exit") {
      is_over_ = true;
      return;
    }
    if (!is_initialized_ || was_shut_down_ || !method.starts_with("textDocument/")) return;
    const Json& document = params.at("textDocument");
    const std::string uri = document.at("uri").get<std::string>();
    if (method == "textDocument/didOpen") {
      documents_.set(uri, document.at("text").get<std::string>(), document.value("version", std::int64_t{0}));
      settle();  // the first text is often the last sound one for a while
    } else if (method == "textDocument/didChange") {
      const Document* open = documents_.find(uri);
      if (open == nullptr) return;
      documents_.set(uri, changed(open->text(), params.at("contentChanges")),
                     document.value("version", std::int64_t{0}));
    } else if (method == "textDocument/didClose") {
      documents_.close(uri);
      publish({{"uri", uri}, {"diagnostics", Json::array()}});
    }
  }

  void publish(const Document& document) {
    publish({{"uri", document.uri()},
             {"diagnostics", diagnostics(document, document.uri())},
             {"version", document.version()}});
  }
  void publish(Json params) { send({{"method", "textDocument/publishDiagnostics"}, {"params", std::move(params)}}); }

  std::ostream& out_;
  Documents documents_;
  std::map<std::string, std::function<Json(const Json& params)>> requests_;
  bool is_initialized_ = false;
  bool was_shut_down_ = false;
  bool is_over_ = false;
};

}  // namespace

/// Whether bytes of a message have come already. A stream that cannot tell says no.
static bool has_more(std::istream& in) {
  return in.rdbuf()->in_avail() > 0;
}

int serve(std::istream& in, std::ostream& out) {
  Server server(out);
  std::string text;
  while (!server.is_over()) {
    if (!has_more(in)) server.settle();
    if (!out) break;
    const Received received = read_message(in, text);
    if (received == Received::end) break;
    if (received == Received::broken_frame) {
      write_message(out, {{"jsonrpc", "2.0"},
                          {"id", nullptr},
                          {"error",
                           {{"code", parse_error},
                            {"message", "a message needs a Content-Length of at most 64 MiB, and as many bytes"}}}});
      return 1;
    }
    server.receive(text);
  }
  return server.status();
}

}  // namespace d2nn::lsp
