# Prints what bpf/toolchain.cmake compiles BPF programs with:
#   cmake -DPROJECT_SOURCE_DIR=... -DCLANG=... -DBPFTOOL=... -P flags.cmake
include(${PROJECT_SOURCE_DIR}/bpf/toolchain.cmake)
list(JOIN XDPCAP_BPF_FLAGS " " flags)
execute_process(COMMAND ${CMAKE_COMMAND} -E echo "${flags} -O2")
