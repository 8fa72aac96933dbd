# A room is one folder, one static library d2nn_<name>, one namespace d2nn::<name> (docs/architecture.md).
#
#   d2nn_room(NAME syntax SOURCES a.cpp b.cpp DEPENDS diag PRIVATE antlr4_static)
#
# DEPENDS names rooms (public), PRIVATE names libraries that only this room may see.
# Compiler rooms are included as "syntax/parse.h" from compiler/; runtime rooms as "kernels/kernels.h" from runtime/.

function(d2nn_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror=switch)
endfunction()

function(d2nn_room)
  cmake_parse_arguments(ROOM "" "NAME" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  set(target d2nn_${ROOM_NAME})
  if(ROOM_SOURCES)
    add_library(${target} STATIC ${ROOM_SOURCES})
    target_include_directories(${target} PUBLIC ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../compiler
                                                ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../runtime
                                                ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../runtime/include
                                                ${CMAKE_BINARY_DIR}/include)
    list(TRANSFORM ROOM_DEPENDS PREPEND d2nn_)
    target_link_libraries(${target} PUBLIC ${ROOM_DEPENDS} PRIVATE ${ROOM_PRIVATE})
    d2nn_warnings(${target})
  else()  # a room of headers only
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../compiler
                                                   ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../runtime
                                                   ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../runtime/include
                                                ${CMAKE_BINARY_DIR}/include)
    list(TRANSFORM ROOM_DEPENDS PREPEND d2nn_)
    target_link_libraries(${target} INTERFACE ${ROOM_DEPENDS})
  endif()
endfunction()

# d2nn_unit_test(ROOM syntax SOURCES parse_test.cpp DEPENDS syntax): one doctest executable per room,
# ctest label "unit"; test names are sentences. Extra targets to link go to LINK.
function(d2nn_unit_test)
  cmake_parse_arguments(TEST "" "ROOM" "SOURCES;DEPENDS;LINK" ${ARGN})
  set(target ${TEST_ROOM}_test)
  add_executable(${target} ${TEST_SOURCES})
  list(TRANSFORM TEST_DEPENDS PREPEND d2nn_)
  target_link_libraries(${target} PRIVATE ${TEST_DEPENDS} ${TEST_LINK} d2nn_doctest_main)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  add_test(NAME unit.${TEST_ROOM} COMMAND ${target})
  set_tests_properties(unit.${TEST_ROOM} PROPERTIES LABELS unit
    ENVIRONMENT "D2NN_SOURCE_DIR=${CMAKE_SOURCE_DIR};D2NN_BINARY_DIR=${CMAKE_BINARY_DIR}")
endfunction()
