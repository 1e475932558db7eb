/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dmapi_ext.h - what libdm offers beyond XDSM
 *
 * Names begin with dmx_, so that they never meet a name of the standard.
 */
#ifndef _DMAPI_EXT_H
#define _DMAPI_EXT_H

#include <dmapi.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A descriptor for the session, close-on-exec.  It is readable (POLLIN) while
 * dm_get_events() would find a message.  Returns the descriptor, or -1.
 */
int	dmx_session_fd(dm_sessid_t sid);

/*
 * Declares that [off, off + len) was recalled and is data again: READ is
 * disarmed there and the file's other regions stay as they are.  Several
 * workers may do so for parts of one file at the same time.
 */
int	dmx_set_resident(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_off_t off, dm_size_t len);

#ifdef __cplusplus
}
#endif

#endif /* _DMAPI_EXT_H */
