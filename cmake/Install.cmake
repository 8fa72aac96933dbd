# What `cmake --install` lays down. The compiler finds its runtime beside itself (compiler/codegen/link.cpp), so the folders are
# fixed, the same as in the build tree, whatever the system calls its library folder:
#   bin/d2nn   lib/libd2nn.so   lib/d2nn/*.a   lib/cmake/d2nn   lib/pkgconfig   include/d2nn   share/d2nn/stdlib
include(CMakePackageConfigHelpers)

# The same run path in both trees: rewriting it on installation fails with lld, which normalises what CMake looks for.
set_target_properties(d2nn_tool PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH ${LLVM_LIBRARY_DIR}
  EXPORT_NAME compiler)
install(TARGETS d2nn_tool EXPORT d2nn-targets RUNTIME DESTINATION bin)
install(TARGETS d2nn_shared d2nn_runtime EXPORT d2nn-targets
  LIBRARY DESTINATION lib ARCHIVE DESTINATION lib/d2nn INCLUDES DESTINATION include)
set_target_properties(d2nn_shared PROPERTIES EXPORT_NAME d2nn)
set_target_properties(d2nn_runtime PROPERTIES EXPORT_NAME runtime)
install(TARGETS d2nn_app_archive d2nn_app_train_archive ARCHIVE DESTINATION lib/d2nn)
install(FILES runtime/include/d2nn/d2nn.h runtime/include/d2nn/module.h runtime/include/d2nn/train_state.h
  runtime/include/d2nn/train_settings.h runtime/include/d2nn/rounding.h DESTINATION include/d2nn)
install(DIRECTORY stdlib DESTINATION share/d2nn FILES_MATCHING PATTERN "*.d2nn")
install(FILES docs/manifest.schema.json DESTINATION share/d2nn)

# The libraries that the archive of the runtime needs are named once, where the compiler names them.
file(STRINGS compiler/codegen/runtime_libraries.h runtime_line REGEX "runtime_libraries\\[\\]")
string(REGEX MATCHALL "-l[a-z+]+" D2NN_RUNTIME_LIBRARIES "${runtime_line}")
if(NOT D2NN_RUNTIME_LIBRARIES)
  message(FATAL_ERROR "compiler/codegen/runtime_libraries.h: the line of runtime_libraries[] was not understood")
endif()
list(JOIN D2NN_RUNTIME_LIBRARIES " " D2NN_RUNTIME_LIBRARIES_LINE)

set(package_folder lib/cmake/d2nn)
install(EXPORT d2nn-targets NAMESPACE d2nn:: DESTINATION ${package_folder})
configure_package_config_file(cmake/d2nn-config.cmake.in ${CMAKE_BINARY_DIR}/package/d2nn-config.cmake
  INSTALL_DESTINATION ${package_folder} NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# 0.x: a minor version may change the interface.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/d2nn-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/package/d2nn-config.cmake ${CMAKE_BINARY_DIR}/package/d2nn-config-version.cmake
  DESTINATION ${package_folder})

# In the build tree where an installation has them: they lead to what stands beside them.
foreach(package d2nn d2nn-static)
  configure_file(cmake/${package}.pc.in ${CMAKE_BINARY_DIR}/lib/pkgconfig/${package}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/lib/pkgconfig/${package}.pc DESTINATION lib/pkgconfig)
endforeach()
