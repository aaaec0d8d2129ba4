/* SPDX-License-Identifier: MIT OR Apache-2.0 */

/* What programs of old include for zmq_stopwatch_start and the like. zmq.h has it all. */

#ifndef __ZMQ_UTILS_H_INCLUDED__
#define __ZMQ_UTILS_H_INCLUDED__

#include "zmq.h"

#endif
