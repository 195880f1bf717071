# `cpack` makes two Debian packages of a build that was configured with
# -DCMAKE_INSTALL_PREFIX=/usr: the tool, and what others build with.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME xdpcap-cpp)
set(CPACK_PACKAGE_VENDOR "the xdpcap-cpp authors")
# Who makes packages for others says who they are: cpack -D CPACK_PACKAGE_CONTACT="NAME <ADDRESS>".
set(CPACK_PACKAGE_CONTACT "the xdpcap-cpp authors <maintainers@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has its own
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL tool development)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)

set(CPACK_DEBIAN_TOOL_PACKAGE_NAME xdpcap-cpp)
set(CPACK_DEBIAN_TOOL_DESCRIPTION "packet capture for XDP programs
Captures packets as they leave XDP programs, with the action each one got,
into pcapng files that tcpdump and Wireshark read. Filters in tcpdump's
language run in the kernel.")
set(CPACK_DEBIAN_TOOL_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_TOOL_PACKAGE_SUGGESTS "tcpdump, wireshark | tshark")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libxdpcap-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "hooks that make XDP programs capturable
The header that XDP programs include, and a library for their loaders.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libbpf-dev (>= 1:1.0)")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "xdpcap-cpp")

# Debian wants to know at this place whose it is and what has changed.
configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in package/changelog @ONLY)
foreach(component tool development)
  string(TOUPPER ${component} upper)
  set(folder ${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  install(FILES ${CMAKE_CURRENT_LIST_DIR}/copyright ${PROJECT_BINARY_DIR}/package/changelog
          DESTINATION ${folder} COMPONENT ${component})
endforeach()
# ... and that manuals and changelogs are compressed.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/compress.cmake)

include(CPack)
