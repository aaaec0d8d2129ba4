# Whether this installation is new enough for find_package(ZeroMQ VERSION). The version is that of the C API,
# as in zmq.h; later ones of the same major number serve programs that were written for earlier ones.

set(PACKAGE_VERSION 4.3.6)

if(PACKAGE_FIND_VERSION_RANGE)
  set(_zmq_least "${PACKAGE_FIND_VERSION_MIN}")
  set(_zmq_most "${PACKAGE_FIND_VERSION_MAX}")
else()
  set(_zmq_least "${PACKAGE_FIND_VERSION}")
  set(_zmq_most "")
endif()

set(PACKAGE_VERSION_COMPATIBLE TRUE)
if(PACKAGE_VERSION VERSION_LESS "${_zmq_least}")
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
elseif(_zmq_most AND PACKAGE_VERSION VERSION_GREATER "${_zmq_most}")
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
elseif(_zmq_most STREQUAL PACKAGE_VERSION AND PACKAGE_FIND_VERSION_RANGE_MAX STREQUAL "EXCLUDE")
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
endif()
if(PACKAGE_VERSION VERSION_EQUAL "${PACKAGE_FIND_VERSION}")
  set(PACKAGE_VERSION_EXACT TRUE)
endif()
unset(_zmq_least)
unset(_zmq_most)
