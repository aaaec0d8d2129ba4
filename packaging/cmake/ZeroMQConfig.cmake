# The CMake package ZeroMQ, for find_package(ZeroMQ):
#
#   libzmq, libzmq-static     targets to link to; each one is there if its library is
#   ZeroMQ_INCLUDE_DIR, ZeroMQ_LIBRARY, ZeroMQ_STATIC_LIBRARY
#                             paths, for projects that do not use targets
#
# Everything is found from where this file is, so the tree may be moved.

cmake_minimum_required(VERSION 3.5...3.30)

# A system's /lib may be a link to /usr/lib, from which no way leads to the headers.
get_filename_component(_zmq_here "${CMAKE_CURRENT_LIST_DIR}" REALPATH)

# LIBDIR/cmake/ZeroMQ where install.sh installed it, PREFIX/share/cmake/ZeroMQ where cargo-c did.
set(_zmq_lib "")
foreach(_zmq_candidate ../.. ../../../lib/${CMAKE_LIBRARY_ARCHITECTURE} ../../../lib ../../../lib64)
  get_filename_component(_zmq_candidate "${_zmq_here}/${_zmq_candidate}" ABSOLUTE)
  if(NOT _zmq_lib AND EXISTS "${_zmq_candidate}/pkgconfig/libzmq.pc")
    set(_zmq_lib "${_zmq_candidate}")
  endif()
endforeach()

# Beside one of the folders above this one: LIBDIR may be deeper than PREFIX/lib.
set(ZeroMQ_INCLUDE_DIR "")
set(_zmq_up "${_zmq_here}")
foreach(_zmq_candidate RANGE 5)
  get_filename_component(_zmq_up "${_zmq_up}" DIRECTORY)
  if(NOT ZeroMQ_INCLUDE_DIR AND EXISTS "${_zmq_up}/include/zmq.h")
    get_filename_component(ZeroMQ_INCLUDE_DIR "${_zmq_up}/include" ABSOLUTE)
  endif()
endforeach()

if(NOT _zmq_lib OR NOT ZeroMQ_INCLUDE_DIR)
  set(ZeroMQ_FOUND FALSE)
  set(ZeroMQ_NOT_FOUND_MESSAGE "libzmq.pc or zmq.h is not where it was installed, seen from ${_zmq_here}")
  return()
endif()

if(EXISTS "${_zmq_lib}/libzmq.so")
  set(ZeroMQ_LIBRARY "${_zmq_lib}/libzmq.so")
  if(NOT TARGET libzmq)
    add_library(libzmq SHARED IMPORTED)
    set_target_properties(libzmq PROPERTIES
      IMPORTED_LOCATION "${ZeroMQ_LIBRARY}"
      IMPORTED_SONAME libzmq.so.5
      INTERFACE_INCLUDE_DIRECTORIES "${ZeroMQ_INCLUDE_DIR}")
  endif()
endif()

if(EXISTS "${_zmq_lib}/libzmq.a")
  set(ZeroMQ_STATIC_LIBRARY "${_zmq_lib}/libzmq.a")
  if(NOT TARGET libzmq-static)
    # What it needs besides stands in libzmq.pc, once for all.
    file(STRINGS "${_zmq_lib}/pkgconfig/libzmq.pc" _zmq_needs REGEX "^Libs\\.private:")
    string(REGEX REPLACE "^Libs\\.private: *" "" _zmq_needs "${_zmq_needs}")
    string(REGEX REPLACE " +" ";" _zmq_needs "${_zmq_needs}")
    add_library(libzmq-static STATIC IMPORTED)
    set_target_properties(libzmq-static PROPERTIES
      IMPORTED_LOCATION "${ZeroMQ_STATIC_LIBRARY}"
      INTERFACE_COMPILE_DEFINITIONS ZMQ_STATIC
      INTERFACE_INCLUDE_DIRECTORIES "${ZeroMQ_INCLUDE_DIR}"
      INTERFACE_LINK_LIBRARIES "${_zmq_needs}")
    unset(_zmq_needs)
  endif()
endif()

set(ZeroMQ_FOUND TRUE)
unset(_zmq_here)
unset(_zmq_lib)
unset(_zmq_up)
unset(_zmq_candidate)
