# cmake -DPROGRAM=.. -DEXPECTED=file -P compare_output.cmake: the program's standard output must be the file's text.
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE found ERROR_VARIABLE errors RESULT_VARIABLE status)
file(READ ${EXPECTED} expected)
if(NOT status EQUAL 0 OR NOT found STREQUAL expected)
  message(FATAL_ERROR "status ${status}, standard error:\n${errors}\nfound:\n${found}\nexpected:\n${expected}")
endif()
