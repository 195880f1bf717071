// SPDX-License-Identifier: BSD-3-Clause
// Errors: "doing X: cause", printed once, in main, with the next step for the user.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace xdpcap {

// Error is a failure at run time (exit code 2). what() is one line that reads "doing X: cause";
// hint(), if any, says what the user can do next.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& what, std::string hint = {})
      : std::runtime_error(what), hint_(std::move(hint)) {}

  [[nodiscard]] const std::string& hint() const { return hint_; }

 private:
  std::string hint_;
};

// UsageError is a mistake on the command line (exit code 1): nothing was opened, created or
// changed.
class UsageError : public Error {
 public:
  using Error::Error;
};

// NotFound: what the user has named is not there, and may be there later (--wait).
class NotFound : public Error {
 public:
  using Error::Error;
};

// Stopped is thrown when the user ends the program while it waits to start. It is not a failure.
class Stopped : public std::exception {};

// "No such file or directory" for ENOENT. Thread-safe, unlike strerror().
std::string errno_text(int error_number);

// The Error for a failed system call: "<doing>: <text of error_number>".
Error system_error(std::string_view doing, int error_number, std::string hint = {});

// Runs `step` and prefixes any error it throws with "<doing>: "; type and hint stay the same.
template <class Step>
auto with_context(std::string_view doing, Step&& step) -> decltype(step()) {
  try {
    return step();
  } catch (const UsageError& error) {
    throw UsageError(std::string(doing) + ": " + error.what(), error.hint());
  } catch (const NotFound& error) {
    throw NotFound(std::string(doing) + ": " + error.what(), error.hint());
  } catch (const Error& error) {
    throw Error(std::string(doing) + ": " + error.what(), error.hint());
  }
}

}  // namespace xdpcap
