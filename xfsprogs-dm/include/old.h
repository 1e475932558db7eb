/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <sys/dmapi.h> and <sys/dmi.h>: where XDSM and older applications have it */
#include <dmapi.h>
