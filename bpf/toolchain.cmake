# Compiling BPF programs: clang for the code, bpftool for skeletons and vmlinux.h.
# tests/compilers/bpf tests other compilers.
find_program(CLANG NAMES clang clang-23 clang-22 clang-21 clang-20 clang-19 clang-18 clang-17 clang-16
                         clang-15 clang-14 clang-13 REQUIRED)

# Ubuntu's /usr/sbin/bpftool is a script that runs only with the running kernel's own package; the
# real ones lie beside it, so take the first that works.
file(GLOB bpftools /usr/lib/linux-tools/*/bpftool /usr/lib/linux-tools-*/bpftool)
find_program(bpftool_on_path bpftool PATHS /usr/sbin /sbin /usr/local/sbin)
foreach(candidate ${bpftool_on_path} ${bpftools})
  execute_process(COMMAND ${candidate} version RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(NOT failed)
    set(BPFTOOL ${candidate} CACHE FILEPATH "bpftool, for skeletons and vmlinux.h")
    break()
  endif()
endforeach()
if(NOT BPFTOOL)
  message(FATAL_ERROR "bpftool not found (Debian: apt-get install bpftool; "
                      "Ubuntu: apt-get install linux-tools-generic)")
endif()

# linux/bpf.h includes asm/types.h, which Debian keeps in a folder that -target bpf leaves out. When
# building for another machine, its headers come before this machine's.
set(flags -target bpf -g ${XDPCAP_WARNINGS} -I${CMAKE_CURRENT_LIST_DIR}/hook
    -I${CMAKE_CURRENT_LIST_DIR}/progs/include -I${PROJECT_SOURCE_DIR}/capture)
if(CMAKE_SYSROOT)
  list(APPEND flags -isystem ${CMAKE_SYSROOT}/usr/include)
endif()
if(CMAKE_LIBRARY_ARCHITECTURE)
  list(APPEND flags -idirafter ${CMAKE_SYSROOT}/usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
endif()
# In the cache, because the tests compile BPF programs too, outside of this folder's scope.
set(XDPCAP_BPF_FLAGS ${flags} CACHE INTERNAL "")

# xdpcap_bpf_object(<target> <source.bpf.c> [FLAGS ...] [DEPENDS ...])
# A target that compiles the source to <target>.o in the current build folder. FLAGS go last, so
# they can override -O2.
function(xdpcap_bpf_object target source)
  cmake_parse_arguments(BPF "" "" "FLAGS;DEPENDS" ${ARGN})
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${target}.o)
  get_filename_component(source ${source} ABSOLUTE)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${CLANG} ${XDPCAP_BPF_FLAGS} -O2 ${BPF_FLAGS} -MD -MF ${object}.d -c ${source} -o ${object}
    DEPENDS ${source} ${BPF_DEPENDS}
    DEPFILE ${object}.d
    COMMENT "Compiling BPF object ${target}.o"
    VERBATIM)
  add_custom_target(${target} ALL DEPENDS ${object})
endfunction()

# xdpcap_skeleton(<name> <source.bpf.c> [FLAGS ...])
# An interface library <name>_skeleton with the header "<name>.skel.h": the program inside the
# executable, and typed access to its maps and programs.
function(xdpcap_skeleton name source)
  xdpcap_bpf_object(${name}.bpf ${source} ${ARGN})
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(header ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
  add_custom_command(
    OUTPUT ${header}
    COMMAND sh -c "\"$1\" gen skeleton \"$2\" name \"$3\" > \"$4\"" skeleton
            ${BPFTOOL} ${object} ${name}_bpf ${header}
    DEPENDS ${object} ${name}.bpf
    COMMENT "Generating ${name}.skel.h"
    VERBATIM)
  add_custom_target(${name}_skel_h DEPENDS ${header})
  add_library(${name}_skeleton INTERFACE)
  add_dependencies(${name}_skeleton ${name}_skel_h)
  # SYSTEM: generated code is not held to this project's warnings.
  target_include_directories(${name}_skeleton SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
