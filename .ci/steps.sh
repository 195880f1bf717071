# shellcheck shell=bash
# Sourced by run and full: runs all steps, even if one fails, and summarises the results.

export XDPCAP_WERROR=ON
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
times=()
totals=(0 0 0) # passed, failed, skipped

# tests_in LOG CODE: passed, failed and skipped tests, from the last lines of ctest and tests/vm/run.
# A step without such lines counts as one test, and a step that fails as at least one failed test.
tests_in() {
  awk -v code="$2" '
    /tests passed, [0-9]+ tests? failed out of [0-9]+$/ { failed += $4; passed += $NF - $4 }
    /^[[:space:]]+[0-9]+ - .* \(Skipped\)$/ { ++skipped; --passed }
    /^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3 }
    END {
      if (code != 0 && failed == 0) failed = 1
      if (passed + failed == 0) passed = 1
      print passed + 0, failed + 0, skipped + 0
    }' "$1"
}

# step COMMAND...
step() {
  local start=$SECONDS log=$logs/${#times[@]} code=0 counts
  printf '\n== %s\n' "$*"
  "$@" 2>&1 | tee "$log" || code=$?
  read -ra counts < <(tests_in "$log" "$code")
  for i in 0 1 2; do totals[i]=$((totals[i] + counts[i])); done
  times+=("$(printf '%5d s  %-6s %4d passed  %s' $((SECONDS - start)) \
    "$( ((code == 0)) && echo ok || echo FAILED)" "${counts[0]}" "$*")")
}

# What failed, and the first lines that say why: of GoogleTest, CTest, tests/vm and tests/loaders.
failures() {
  cat "$logs"/* | awk '
    /: Failure$/ { shown = 7 }
    /\*\*\*(Failed|Timeout|Exception)/ || /ERROR: [A-Za-z]*Sanitizer/ { print; next }
    /^\[  FAILED  \] .*[.].*[)]$/ || /^xdpcap-suite [a-z]+ (fail|timeout) / || /exit code [0-9]+ instead of/ {
      print
      next
    }
    shown-- > 0 { print "  " $0 }' | head -n 200
}

# The last lines: what failed, each step, tests that were repeated or skipped, and the sum.
finish() {
  ((totals[1] == 0)) || { printf '\n== what failed\n' && failures; }
  printf '\n== %d minutes\n' $((SECONDS / 60))
  printf '%s\n' "${times[@]}"
  cat "$logs"/* | grep -E ' run once more \(|^[[:space:]]+[0-9]+ - .* \(Skipped\)$' || true
  printf '%d passed, %d failed' "${totals[@]:0:2}"
  ((totals[2] == 0)) || printf ', %d skipped' "${totals[2]}"
  echo
  ((totals[1] == 0))
}
