// libarchive with only tar and gzip switched on: no other format is parsed by accident.
#include "io/tar.h"

#include <archive.h>
#include <archive_entry.h>

#include <utility>

#include "io/input_file.h"

namespace d2nn::io {
namespace {

constexpr std::int64_t greatest_member = std::int64_t{256} << 20;
constexpr std::size_t block_bytes = 1 << 18;

}  // namespace

struct TarReader::State {
  std::string path;
  archive* reader = archive_read_new();
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

Result<std::optional<TarMember>> TarReader::next() {
  for (;;) {
    archive_entry* entry = nullptr;
    const int found = archive_read_next_header(state_->reader, &entry);
    if (found == ARCHIVE_EOF) return std::optional<TarMember>();
    if (found != ARCHIVE_OK) return state_->damaged("");
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr) continue;
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) return state_->damaged("");
    TarMember member{name, {}};
    while (member.name.starts_with("./")) member.name.erase(0, 2);
    const std::int64_t size = archive_entry_size(entry);
    if (size < 0 || size > greatest_member) {
      return Status(D2NN_INVALID_ARGUMENT, "`" + state_->path + "`, member `" + member.name + "`: it has " +
                                               std::to_string(size) + " bytes, at most " +
                                               std::to_string(greatest_member) + " are read");
    }
    member.bytes.resize(static_cast<std::size_t>(size));
    std::size_t done = 0;
    while (done < member.bytes.size()) {
      const la_ssize_t got = archive_read_data(state_->reader, member.bytes.data() + done, member.bytes.size() - done);
      if (got < 0) return state_->damaged(", member `" + member.name + "`");
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    if (done < member.bytes.size()) return state_->damaged(", member `" + member.name + "`");
    return std::optional<TarMember>(std::move(member));
  }
}

std::int64_t TarReader::position() const {
  return archive_filter_bytes(state_->reader, -1);
}

}  // namespace d2nn::io
