// SPDX-License-Identifier: BSD-3-Clause
#include "app/attachment.hpp"

#include <bpf/bpf.h>
#include <linux/capability.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "kernel/capabilities.hpp"
#include "kernel/map_info.hpp"
#include "kernel/program_info.hpp"

namespace xdpcap {
namespace {

// The actions that the hook has slots for.
std::vector<XdpAction> those_in(const Hook& hook, const std::vector<XdpAction>& actions) {
  std::vector<XdpAction> fitting;
  std::copy_if(actions.begin(), actions.end(), std::back_inserter(fitting),
               [&](XdpAction action) { return action.value() < hook.slots(); });
  return fitting;
}

// The map that is pinned at a path now; 0 when there is none. Nothing when it cannot be opened.
std::optional<std::uint32_t> pinned_map(const std::string& path) {
  const UniqueFd fd(bpf_obj_get(path.c_str()));
  if (!fd.valid()) return errno == ENOENT ? std::optional<std::uint32_t>(0) : std::nullopt;
  const auto info = map_info(fd.get());
  return info ? std::optional(info->id) : std::nullopt;
}

}  // namespace

Attachment::Attachment(Hook hook, Plan plan)
    : plan_(std::move(plan)), post_(man(std::move(hook))) {}

Attachment::~Attachment() {
  // The destructors of what it owns do the rest; only without privileges they cannot.
  if (!privileged_ && post_->installation->filled() && post_->guardian.clean_up()) {
    post_->installation->forget();
  }
}

// The guardian is there before the first recorder is in the hook.
std::unique_ptr<Attachment::Post> Attachment::man(Hook hook) const {
  auto post = std::make_unique<Post>(std::move(hook));
  post->installation = std::make_unique<Installation>(
      post->hook, those_in(post->hook, plan_.actions), plan_.replace, plan_.make_recorder);
  post->guardian = start_guardian(*post);
  post->installation->fill();
  post->users = programs_using(post->hook.map_id());
  return post;
}

Guardian Attachment::start_guardian(Post& post) const {
  std::vector<int> descriptors = post.installation->descriptors();
  descriptors.insert(descriptors.end(), plan_.descriptors.begin(), plan_.descriptors.end());
  return Guardian({.title = "xdpcap-cpp: guardian of " + post.hook.path(),
                   .descriptors = std::move(descriptors),
                   .clean_up = [&post] { post.installation->remove(); },
                   .rescue = plan_.rescue});
}

void Attachment::renew_guardian() {
  if (privileged_) post_->guardian = start_guardian(*post_);
}

std::vector<std::string> Attachment::look() {
  std::vector<std::string> news{look_at_guardian()};
  // Without rights, a hook may not even be looked at (before Linux 5.19).
  if (privileged_) {
    for (std::string& line : post_->installation->look()) news.push_back(std::move(line));
    news.push_back(look_at_users());
    news.push_back(look_at_pin());
  }
  std::erase(news, std::string());
  return news;
}

std::string Attachment::look_at_guardian() {
  if (!post_->guardian.has_died()) return {};
  if (!privileged_) {
    return "the guardian was killed: if this capture is killed too, its recorders stay in the hook";
  }
  try {
    renew_guardian();
    return "the guardian was killed: started another";
  } catch (const Error& error) {
    return std::string("the guardian was killed: ") + error.what();
  }
}

// Which programs use a hook is looked up once; after that only whether they are still there.
std::string Attachment::look_at_users() {
  if (!has_capability(CAP_SYS_ADMIN)) return {};
  Post& post = *post_;
  const auto is_loaded = [](std::uint32_t id) { return find_program(id).has_value(); };
  if (std::any_of(post.users.begin(), post.users.end(), is_loaded)) return {};
  post.users = programs_using(post.hook.map_id());
  const bool in_use = !post.users.empty();
  if (std::exchange(post.in_use, in_use) == in_use) return {};
  if (in_use) return "a program uses the hook " + post.hook.path() + " again";
  return "no loaded program uses the hook " + post.hook.path() +
         " any more (unloaded, or its interface was removed): no packets come until one does";
}

std::string Attachment::look_at_pin() {
  const std::string& path = post_->hook.path();
  const auto map = pinned_map(path);
  const Pin pin = !map                           ? Pin::unknown
                  : *map == 0                    ? Pin::gone
                  : *map == post_->hook.map_id() ? Pin::ours
                                                 : Pin::another;
  if (pin == Pin::another && plan_.follow) return follow();
  if (pin == Pin::unknown || std::exchange(pin_, pin) == pin) return {};
  if (pin == Pin::ours) return "the hook is pinned at " + path + " again";
  if (pin == Pin::gone) {
    return "the hook was unpinned from " + path + ": going on with it" +
           (plan_.follow ? " until another is pinned there" : "");
  }
  return "another hook was pinned at " + path +
         ": still capturing from the one before (--follow "
         "would go on with the new one)";
}

// Into the new hook first, so that no packet is missed while both programs are at work.
std::string Attachment::follow() {
  try {
    Hook hook = Hook::open(post_->hook.path());
    if (!hook.has_owner()) return {};
    auto post = man(std::move(hook));
    post_->installation->remove();
    post_ = std::move(post);
    pin_ = Pin::ours;
    last_error_.clear();
    return "another hook was pinned at " + post_->hook.path() + ": going on with that one";
  } catch (const Error& error) {
    if (std::exchange(last_error_, error.what()) == error.what()) return {};
    return std::string("following the hook: ") + error.what();
  }
}

void Attachment::detach() {
  if (!privileged_ && post_->guardian.clean_up()) {
    post_->installation->forget();
    return;
  }
  post_->installation->remove();
}

}  // namespace xdpcap
