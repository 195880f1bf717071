// SPDX-License-Identifier: BSD-3-Clause
#include "session/rescue.hpp"

#include <cstddef>

#include "ring/rings.hpp"

namespace xdpcap {

bool rescue(Recording& recording, const std::optional<User>& user) {
  Checkpoint& checkpoint = recording.checkpoint();
  // A capture that has not begun has not changed its file.
  if (!checkpoint.begun() || !checkpoint.claim()) return false;
  const bool begun = recording.flight() || checkpoint.state().file_size > 0;
  if (!begun) recording.file().output().begin();  // creates its name, which `user` may not
  // Before the checkpoint is used, as that user could have written to it.
  if (user) become(*user);
  recording.clock().refresh();
  const auto cursors = recording.rings().cursors();
  for (std::size_t i = 0; i < cursors.size(); ++i) {
    cursors[i].go_back(checkpoint.positions()[i]);
    restore_blocks(cursors[i], recording.clock().offset(), recording.replaced_bytes(),
                   recording.takes_notes());
  }
  if (recording.fates()) recording.fates()->go_back(checkpoint.state().left_out);
  CaptureFiles& files = recording.files();
  recording.resume();
  if (!begun) recording.file().begin(recording.header());
  const Timeout timeout{.milliseconds = 2000};
  recording.drain_rest(timeout);
  recording.end_rest(-1);
  if (auto& flight = recording.flight()) {
    flight->wait(-1);
    return true;
  }
  files.finish(recording.final_statistics(), recording.now().date, timeout);
  files.wait(-1);
  return true;
}

}  // namespace xdpcap
