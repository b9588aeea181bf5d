# arm-none-eabi-gcc with its own newlib. COMPILER: its path; BOARD_CPU: what -mcpu is given.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # there is nothing to link a test program with
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES COMPILER BOARD_CPU)

set(CMAKE_C_COMPILER ${COMPILER})
set(CMAKE_CXX_COMPILER ${COMPILER}) # CMSIS-NN names C++ as a language, but has no source in it
set(CMAKE_CXX_COMPILER_FORCED TRUE)
set(CMAKE_C_FLAGS_INIT "-mcpu=${BOARD_CPU} -mthumb -mfloat-abi=hard")
