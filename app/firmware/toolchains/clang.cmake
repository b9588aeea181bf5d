# clang and lld with the C library and libgcc of arm-none-eabi-gcc. COMPILER and LINKER: their paths; BOARD_CPU: what
# -mcpu is given; LIBRARY_INCLUDE: the C library's headers; LIBRARY_FOLDERS: where libc.a, libm.a and libgcc.a are, for
# hard floats.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # there is nothing to link a test program with
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES COMPILER LINKER BOARD_CPU LIBRARY_INCLUDE LIBRARY_FOLDERS)

set(CMAKE_C_COMPILER "${COMPILER}")
set(CMAKE_CXX_COMPILER "${COMPILER}") # CMSIS-NN names C++ as a language, but has no source in it
set(CMAKE_CXX_COMPILER_FORCED TRUE)
set(CMAKE_C_COMPILER_TARGET arm-none-eabi)
# Short enums: the C library is built with them, as the bare-metal ABI of Arm wants.
set(CMAKE_C_FLAGS_INIT "-mcpu=${BOARD_CPU} -mthumb -mfloat-abi=hard -fshort-enums -isystem \"${LIBRARY_INCLUDE}\"")

set(CMAKE_EXE_LINKER_FLAGS_INIT "--ld-path=\"${LINKER}\"")
foreach(folder IN LISTS LIBRARY_FOLDERS)
    string(APPEND CMAKE_EXE_LINKER_FLAGS_INIT " -L\"${folder}\"")
endforeach()
