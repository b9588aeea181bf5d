# arm-none-eabi-gcc, which links by itself. COMPILER: its path; BOARD_CPU: what -mcpu is given; LIBRARY_INCLUDE and
# LIBRARY_FOLDERS as in clang.cmake: it knows newlib's, but not picolibc's.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # there is nothing to link a test program with
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES COMPILER BOARD_CPU LIBRARY_INCLUDE LIBRARY_FOLDERS)

set(CMAKE_C_COMPILER "${COMPILER}")
set(CMAKE_CXX_COMPILER "${COMPILER}") # CMSIS-NN names C++ as a language, but has no source in it
set(CMAKE_CXX_COMPILER_FORCED TRUE)
set(CMAKE_C_FLAGS_INIT "-mcpu=${BOARD_CPU} -mthumb -mfloat-abi=hard -isystem \"${LIBRARY_INCLUDE}\"")

foreach(folder IN LISTS LIBRARY_FOLDERS)
    string(APPEND CMAKE_EXE_LINKER_FLAGS_INIT " -L\"${folder}\"")
endforeach()

# gcc 14 turns loops that predicate bytes into tail-predicated ones (DLSTP) also where they compute with wider lanes: the
# last turn is wrong then. Older ones do not know the flag, and do no such thing.
execute_process(COMMAND "${COMPILER}" -mno-dlstp -E -x c /dev/null RESULT_VARIABLE UNKNOWN OUTPUT_QUIET ERROR_QUIET)
if(NOT UNKNOWN)
    string(APPEND CMAKE_C_FLAGS_INIT " -mno-dlstp")
endif()
