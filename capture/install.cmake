# The tool as others find it: command, manual, completions, Wireshark's extcap and profile.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME tool)
install(TARGETS xdpcap-cpp)
install(FILES man/xdpcap-cpp.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES man/xdpcap-cpp.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)

# Debian's zsh looks into vendor-completions, others and /usr/local into site-functions.
set(zsh_folder site-functions)
if(EXISTS /etc/debian_version AND CMAKE_INSTALL_PREFIX MATCHES "^/usr/?$")
  set(zsh_folder vendor-completions)
endif()
install(FILES completion/xdpcap-cpp.bash RENAME xdpcap-cpp
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES completion/_xdpcap-cpp DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/${zsh_folder})
install(FILES completion/xdpcap-cpp.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# Wireshark runs whatever is in one folder, which 4.6 moved: before, it was in the folder for
# libraries. Links, so that there is one executable to grant capabilities to.
set(XDPCAP_EXTCAP_DIR "" CACHE STRING "Where Wireshark looks for extcap programs, below the prefix; \
empty: wireshark/extcap in the folders for libraries and for what programs run")
set(extcap_dirs ${XDPCAP_EXTCAP_DIR})
if(NOT extcap_dirs) # not as the option's default, which would not follow another prefix
  set(extcap_dirs ${CMAKE_INSTALL_LIBDIR}/wireshark/extcap
                  ${CMAKE_INSTALL_LIBEXECDIR}/wireshark/extcap)
endif()
foreach(dir ${extcap_dirs})
  file(RELATIVE_PATH command /${dir} /${CMAKE_INSTALL_BINDIR}/xdpcap-cpp)
  set(link ${CMAKE_CURRENT_BINARY_DIR}/extcap/${dir}/xdpcap-cpp)
  cmake_path(GET link PARENT_PATH folder)
  file(MAKE_DIRECTORY ${folder})
  file(CREATE_LINK ${command} ${link} SYMBOLIC)
  install(FILES ${link} DESTINATION ${dir})
endforeach()
install(DIRECTORY wireshark/xdpcap DESTINATION ${CMAKE_INSTALL_DATADIR}/wireshark/profiles)

install(FILES fleet/xdpcap-cpp@.service fleet/xdpcap-cpp-metrics@.service
        DESTINATION lib/systemd/system)
install(FILES fleet/daemonset.yaml fleet/daemonset-metrics.yaml fleet/dashboard.json
              fleet/xdpcap.rules.yml
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(PROGRAMS fleet/mend-verdicts DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
