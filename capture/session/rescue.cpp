// SPDX-License-Identifier: BSD-3-Clause
#include "session/rescue.hpp"

#include <cstddef>

#include "ring/rings.hpp"

namespace xdpcap {

void rescue(Recording& recording, const std::optional<User>& user) {
  Journal& journal = recording.journal();
  // Before it has begun, the file still holds what it did before.
  if (!journal.begun() || !journal.claim()) return;
  const bool begun = journal.state().file_size > 0;
  if (!begun) recording.file().output().begin();  // its name, for which the user may have no right
  // Before anything is done that the journal says: that user could write to it.
  if (user) become(*user);
  recording.clock().refresh();
  const auto cursors = recording.rings().cursors();
  for (std::size_t i = 0; i < cursors.size(); ++i) {
    cursors[i].go_back(journal.positions()[i]);
    restore_blocks(cursors[i], recording.clock().offset(), recording.fates().has_value());
  }
  if (recording.fates()) recording.fates()->go_back(journal.state().left_out);
  CaptureFiles& files = recording.files();
  files.resume();
  if (!begun) recording.file().begin(recording.header());
  const Patience patience{.milliseconds = 2000};
  recording.drain_rest(patience);
  files.finish(recording.final_statistics(), recording.now().date, patience);
  files.wait(-1);
}

}  // namespace xdpcap
