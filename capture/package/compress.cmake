# Run by cpack on what it is about to put into packages (Debian policy 12.1, 12.3, 12.7).
set(share ${CPACK_TEMPORARY_DIRECTORY}/*${CPACK_PACKAGING_INSTALL_PREFIX}/share) # * is a package
file(GLOB_RECURSE files ${share}/man/* ${share}/doc/*/changelog)
foreach(file ${files})
  execute_process(COMMAND gzip -9n ${file} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
