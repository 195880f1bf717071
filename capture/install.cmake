# The tool as others find it: command, manual, completions, Wireshark's extcap, service files.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME tool)
install(TARGETS xdpcap-cpp)
install(FILES man/xdpcap-cpp.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES man/xdpcap-cpp.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES completion/xdpcap-cpp.bash RENAME xdpcap-cpp
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES completion/_xdpcap-cpp
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES completion/xdpcap-cpp.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
