/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dmapi_ext.h - what libdm offers beyond XDSM
 *
 * Names begin with dmx_, so that they never meet a name of the standard.
 */
#ifndef _DMAPI_EXT_H
#define _DMAPI_EXT_H

#include <dmapi.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Why dm_init_service() failed when this thread called it last, and what to do
 * about it: a sentence without a full stop, for whoever runs the program.
 */
const char *dmx_init_error(void);

/*
 * A descriptor for the session, close-on-exec.  It is readable (POLLIN) while
 * dm_get_events() would find a message.  Returns the descriptor, or -1.
 */
int	dmx_session_fd(dm_sessid_t sid);

/*
 * The same with conditions.  DMX_FD_ENDS: the session ends when nobody has the
 * descriptor any more, unless it was assumed before.  DMX_FD_WORKER: whoever has
 * the descriptor can use it without privilege, for what a worker does, on the
 * @nfs file systems whose handles, of DMX_FSHANDLE_LEN bytes, lie one after the
 * other at @fshanp.
 */
#define DMX_FD_ENDS		1U
#define DMX_FD_WORKER		2U
#define DMX_FSHANDLE_LEN	8
#define DMX_MAX_WORKER_FS	64

int	dmx_open_session(dm_sessid_t sid, unsigned int flags, unsigned int nfs,
		const void *fshanp);

/*
 * A descriptor of a session in the place of its id, in every function that takes
 * one to act for, but dm_create_session().
 */
#define DMX_SID_FD(fd)		((dm_sessid_t)~(fd))

/* How a session is.  Times are nanoseconds ago, or DMX_NEVER. */
#define DMX_SESSION_MOUNT	1U	/* registered for DM_EVENT_MOUNT */
#define DMX_SESSION_BOUND	2U	/* ends with a descriptor */
#define DMX_NEVER		UINT64_MAX

typedef struct dmx_session_state {
	dm_sessid_t	sid;
	unsigned int	flags;		/* DMX_SESSION_* */
	uint64_t	created;
	uint64_t	assumed;
	uint64_t	got;		/* last dm_get_events() */
	uint64_t	oldest_queued;	/* message that nobody got */
	uint64_t	oldest_delivered; /* and that nobody answered */
	uint32_t	queued;
	uint32_t	delivered;
	uint32_t	getters;	/* callers in dm_get_events() */
	int32_t		tgid;		/* who created or assumed it */
	char		comm[16];
	char		info[DM_SESSION_INFO_LEN];
} dmx_session_state_t;

int	dmx_get_session_state(dm_sessid_t sid, dmx_session_state_t *statep);

/*
 * Declares that [off, off + len) was recalled and is data again: READ is
 * disarmed there and the file's other regions stay as they are.  Several
 * workers may do so for parts of one file at the same time.
 */
int	dmx_set_resident(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_off_t off, dm_size_t len);

/*
 * An answer, as dm_respond_event() takes it.  error is set: 0, or the errno that
 * dm_respond_event() would have had.
 */
typedef struct dmx_response {
	dm_token_t	token;
	dm_response_t	response;
	int		reterror;
	int		error;
} dmx_response_t;

#define DMX_MAX_RESPONSES	1024

int	dmx_respond_events(dm_sessid_t sid, unsigned int nelem,
		dmx_response_t *bufp, unsigned int *nelemp);

/*
 * A number for the file's data as it is now.  It stays as long as nobody
 * changes the data, and no other data of the file gets it.
 */
int	dmx_get_change(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, uint64_t *changep);

/* dm_punch_hole(), or ESTALE if the data has another number by now. */
int	dmx_punch_hole_if(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_off_t off, dm_size_t len,
		uint64_t change);

/*
 * Blocks of the staged file @fd, from @stage_off on, become those of
 * [off, off + len) where that is offline.  With @change other than 0, ESTALE if
 * the data has another number.
 */
int	dmx_stage(dm_sessid_t sid, void *hanp, size_t hlen, dm_token_t token,
		int fd, dm_off_t stage_off, dm_off_t off, dm_size_t len,
		uint64_t change);

/*
 * Marks a file system as managed, or takes the mark away: it is mounted with
 * data management from now on, whether its option is given or not.  The mark is
 * on disk on return.  Of any other object, with @on false: takes away all that is
 * kept of it but DM attributes, or nothing if a byte of it is offline.
 */
int	dmx_set_managed(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_boolean_t on);

/*
 * What is created in a directory, or anywhere in a file system, begins with
 * @events in its event list, as far as its kind can have them, and a file with a
 * region of @regions (DM_REGION_*) over all of it.
 */
int	dmx_set_born(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_eventset_t events, unsigned int regions);
int	dmx_get_born(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_eventset_t *eventsp,
		unsigned int *regionsp);

#ifdef __cplusplus
}
#endif

#endif /* _DMAPI_EXT_H */
