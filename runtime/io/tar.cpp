// libarchive with only tar and gzip switched on: no other format is parsed by accident.
#include "io/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <utility>

#include "io/input_file.h"

namespace d2nn::io {
namespace {

constexpr std::int64_t greatest_member = std::int64_t{256} << 20;
constexpr std::size_t block_bytes = 1 << 18;

/// libarchive turns the UTF-8 names of pax archives into the locale of the calling thread and fails where that has no
/// such letters, as the "C" locale of a program that sets none. While this lives, names keep their bytes.
class Utf8Names {
 public:
  Utf8Names() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) former_ = uselocale(locale_);
  }
  ~Utf8Names() {
    if (locale_ == nullptr) return;
    uselocale(former_);
    freelocale(locale_);
  }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t locale_;
  locale_t former_ = nullptr;
};

}  // namespace

struct TarReader::State {
  std::string path;
  std::string name;  // of the member at hand
  archive* reader = archive_read_new();
  archive_entry* entry = nullptr;  // the reader's
  ~State() { archive_read_free(reader); }

  Status damaged(const std::string& where) const {
    const char* why = archive_error_string(reader);
    return Status(D2NN_INVALID_ARGUMENT,
                  "`" + path + "`" + where + ": " + (why != nullptr ? why : "the archive cannot be read"));
  }
};

Result<TarReader> TarReader::open(const std::string& path) {
  if (auto probe = InputFile::open(path); !probe.ok()) return probe.status();
  auto state = std::make_unique<State>();
  state->path = path;
  archive_read_support_format_tar(state->reader);
  archive_read_support_filter_gzip(state->reader);
  if (archive_read_open_filename(state->reader, path.c_str(), block_bytes) != ARCHIVE_OK) return state->damaged("");
  return TarReader(std::move(state));
}

TarReader::TarReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
TarReader::TarReader(TarReader&&) noexcept = default;
TarReader& TarReader::operator=(TarReader&&) noexcept = default;
TarReader::~TarReader() = default;

Result<std::optional<std::string>> TarReader::next() {
  const Utf8Names names;
  for (;;) {
    const int found = archive_read_next_header(state_->reader, &state_->entry);
    if (found == ARCHIVE_EOF) return std::optional<std::string>();
    if (found != ARCHIVE_OK) return state_->damaged("");
    const auto type = archive_entry_filetype(state_->entry);
    if ((type != AE_IFREG && type != AE_IFDIR) || archive_entry_hardlink(state_->entry) != nullptr) continue;
    const char* name = archive_entry_pathname(state_->entry);
    if (name == nullptr) return state_->damaged("");
    state_->name = name;
    while (state_->name.starts_with("./")) state_->name.erase(0, 2);
    if (type == AE_IFDIR) {
      if (state_->name.empty() || state_->name == ".") continue;  // the folder that was packed
      if (!state_->name.ends_with('/')) state_->name += '/';
    }
    return std::optional<std::string>(state_->name);
  }
}

Result<std::vector<std::uint8_t>> TarReader::read() {
  const std::string where = ", member `" + state_->name + "`";
  const std::int64_t size = archive_entry_size(state_->entry);
  if (size < 0 || size > greatest_member) {
    return Status(D2NN_INVALID_ARGUMENT, "`" + state_->path + "`" + where + ": it has " + std::to_string(size) +
                                             " bytes, at most " + std::to_string(greatest_member) + " are read");
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const la_ssize_t got = archive_read_data(state_->reader, bytes.data() + done, bytes.size() - done);
    if (got <= 0) return state_->damaged(where);
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace d2nn::io
