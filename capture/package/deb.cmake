# `cpack` makes two Debian packages of a build that was configured with
# -DCMAKE_INSTALL_PREFIX=/usr: the tool, and what others build with.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME xdpcap-cpp)
set(CPACK_PACKAGE_VENDOR "the xdpcap-cpp authors")
set(CPACK_PACKAGE_CONTACT "the xdpcap-cpp authors <maintainers@localhost>")
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

# Debian wants to know whose it is at this place.
foreach(component tool development)
  string(TOUPPER ${component} upper)
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${upper}_PACKAGE_NAME}
          RENAME copyright COMPONENT ${component})
endforeach()

include(CPack)
