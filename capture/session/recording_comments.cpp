// SPDX-License-Identifier: BSD-3-Clause
// The part of a recording that gives packets their comments.
#include <cstddef>
#include <span>
#include <utility>

#include "recorder/record.h"
#include "session/recording.hpp"

namespace xdpcap {

void Recording::take_notes() {
  if (!new_notes_) return;
  for (Note& note : new_notes_()) notes_.push_back(std::move(note));
}

// False if the file has to be flushed first.
bool Recording::append(RingCursor& cursor, CaptureFile& file) {
  if (options_.only_counts) {
    if (fates_) fates_->count(cursor);
    return true;
  }
  const xdpcap_block& block = cursor.block();
  if (!fates_ && !reasons_ && !takes_note(block)) return file.append(block);
  Comments comments = comments_of(block);
  if (!takes_note(block)) return append_commented(cursor, file, comments);
  // Of several changes without a packet between them, only the last one matters.
  while (notes_.size() > 1 && notes_[1].time <= time_of(block)) notes_.pop_front();
  pcapng::Bytes& note = note_options_.emplace_back(pcapng::comment_option(notes_.front().text));
  note.insert(note.end(), comments.reason.begin(), comments.reason.end());
  comments.reason = note;
  const std::uint32_t id = block.interface_id;
  const std::uint64_t left_out = fates_ ? fates_->left_out()[id] : 0;
  const bool done = append_commented(cursor, file, comments);
  if (done && (!fates_ || fates_->left_out()[id] == left_out)) {
    notes_.pop_front();
  } else {
    note_options_.pop_back();  // for another packet, or for this one again
  }
  return done;
}

Comments Recording::comments_of(const xdpcap_block& block) {
  Comments comments{.fate = {}, .replaced = fates_ ? std::uint32_t{sizeof(xdpcap_fate)} : 0};
  if (reasons_ && reasons_->are_in(block.interface_id)) {
    comments.replaced += sizeof(xdpcap_reason);
    comments.reason = reasons_->comment(reason_of(block, comments.replaced));
  }
  return comments;
}

bool Recording::append_commented(RingCursor& cursor, CaptureFile& file, const Comments& comments) {
  if (fates_) return fates_->append(cursor, file, comments);
  const xdpcap_block& block = cursor.block();
  if (comments.replaced == 0 && comments.reason.empty()) return file.append(block);
  if (!file.append(block, comments)) return false;
  cursor.resize_block(with_comments(block.block_length, comments));
  return true;
}

}  // namespace xdpcap
