/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The dmapi() system call: XDSM (X/Open C429) data storage management
 *
 *	long dmapi(unsigned int op, void *arg, size_t size, unsigned int flags);
 *
 * One call carries every operation.  @op is one of enum dmapi_op, @arg points
 * to the structure of that operation and @size is its size as the caller knows
 * it: a shorter structure is filled with zeros, a longer one is accepted only
 * if what the kernel does not know is zero (-E2BIG otherwise).  @flags must be
 * zero.  Nothing in the argument structures is written back; results go
 * through the pointers that they hold, as the XDSM prototypes have it, so that
 * a bad result pointer is found before anything is changed.
 *
 * The operations that XDSM names have the numbers that SGI's service gave
 * them; extensions begin at DMAPI_EXT.  All fields have explicit widths and
 * natural alignment, pointers travel as __aligned_u64, so that there is no
 * separate layout for 32-bit callers.
 *
 * Errors common to all operations, in the order in which they are looked for:
 *
 *	EPERM	the caller lacks CAP_SYS_ADMIN in the initial user namespace, and
 *		does not name the session by a worker's descriptor (see
 *		DMAPI_SESSION_FD).  Until it is known whether he does, this is
 *		the only errno for him
 *	ENODEV	no file system that implements the operations is loaded
 *	EINVAL	unknown @op or @flags
 *	E2BIG	@size is larger than PAGE_SIZE, or unknown fields are not zero
 *	EINVAL	@size is below the first version of the structure
 *	EFAULT	@arg is not readable
 *	EINVAL	the session is unknown, or the descriptor is not a session's, or
 *		its session was assumed or has ended
 *	EPERM	by a worker's descriptor: the operation is not one for workers
 *	EBADF	the handle has no valid form, names nothing mounted, or nothing
 *		that still exists
 *	EFAULT	the handle is not readable
 *	EPERM	by a worker's descriptor: the handle is a file system's, or of one
 *		for which the descriptor is not
 *	EINVAL	the token is neither positive nor DMAPI_NO_TOKEN
 *	ESRCH	the token is not outstanding in this session, or by a worker's
 *		descriptor is that of a message about something else
 *	EINVAL	the handle is of the wrong kind for the operation
 *	EACCES	the token does not have the right that the operation needs:
 *		SHARED, or EXCL for one that changes something
 *	EINTR	without a token: a signal came while another token's right was
 *		in the way
 *
 * The number of the call and DMAPI_VERSION can be read in /sys/kernel/dmapi/.
 */
#ifndef _UAPI_LINUX_DMAPI_H
#define _UAPI_LINUX_DMAPI_H

#include <linux/types.h>

/* Interface version: major << 16 | minor.  A minor only adds. */
#define DMAPI_VERSION		0x00010000

/* The first operation that is not XDSM's. */
#define DMAPI_EXT		0x100

/**
 * enum dmapi_op - what dmapi() is asked to do
 *
 * The structure that belongs to each is named beside it.
 */
enum dmapi_op {
	DMAPI_CLEAR_INHERIT	= 1,	/* struct dmapi_set_inherit */
	DMAPI_CREATE_BY_HANDLE	= 2,	/* struct dmapi_create_by_handle */
	DMAPI_CREATE_SESSION	= 3,	/* struct dmapi_create_session */
	DMAPI_CREATE_USEREVENT	= 4,	/* struct dmapi_create_userevent */
	DMAPI_DESTROY_SESSION	= 5,	/* struct dmapi_session */
	DMAPI_DOWNGRADE_RIGHT	= 6,	/* struct dmapi_object */
	DMAPI_FD_TO_HANDLE	= 7,	/* struct dmapi_fd_to_handle */
	DMAPI_FIND_EVENTMSG	= 8,	/* struct dmapi_find_eventmsg */
	DMAPI_GET_ALLOCINFO	= 9,	/* struct dmapi_get_allocinfo */
	DMAPI_GET_BULKALL	= 10,	/* struct dmapi_get_bulk */
	DMAPI_GET_BULKATTR	= 11,	/* struct dmapi_get_bulk */
	DMAPI_GET_CONFIG	= 12,	/* struct dmapi_get_config */
	DMAPI_GET_CONFIG_EVENTS	= 13,	/* struct dmapi_get_config_events */
	DMAPI_GET_DIOINFO	= 14,	/* struct dmapi_get_dioinfo */
	DMAPI_GET_DIRATTRS	= 15,	/* struct dmapi_get_bulk */
	DMAPI_GET_DMATTR	= 16,	/* struct dmapi_dmattr */
	DMAPI_GET_EVENTLIST	= 17,	/* struct dmapi_get_eventlist */
	DMAPI_GET_EVENTS	= 18,	/* struct dmapi_get_events */
	DMAPI_GET_FILEATTR	= 19,	/* struct dmapi_get_fileattr */
	DMAPI_GET_MOUNTINFO	= 20,	/* struct dmapi_get_mountinfo */
	DMAPI_GET_REGION	= 21,	/* struct dmapi_get_region */
	DMAPI_GETALL_DISP	= 22,	/* struct dmapi_getall */
	DMAPI_GETALL_DMATTR	= 23,	/* struct dmapi_dmattr */
	DMAPI_GETALL_INHERIT	= 24,	/* struct dmapi_getall_inherit */
	DMAPI_GETALL_SESSIONS	= 25,	/* struct dmapi_getall_ids */
	DMAPI_GETALL_TOKENS	= 26,	/* struct dmapi_getall_ids */
	DMAPI_MKDIR_BY_HANDLE	= 28,	/* struct dmapi_create_by_handle */
	DMAPI_INIT_ATTRLOC	= 27,	/* struct dmapi_init_attrloc */
	DMAPI_MOVE_EVENT	= 29,	/* struct dmapi_move_event */
	DMAPI_OBJ_REF_HOLD	= 30,	/* struct dmapi_object */
	DMAPI_OBJ_REF_QUERY	= 31,	/* struct dmapi_object */
	DMAPI_OBJ_REF_RELE	= 32,	/* struct dmapi_object */
	DMAPI_PATH_TO_FSHANDLE	= 33,	/* struct dmapi_path_to_handle */
	DMAPI_PATH_TO_HANDLE	= 34,	/* struct dmapi_path_to_handle */
	DMAPI_PENDING		= 35,	/* struct dmapi_pending */
	DMAPI_PROBE_HOLE	= 36,	/* struct dmapi_probe_hole */
	DMAPI_PUNCH_HOLE	= 37,	/* struct dmapi_range */
	DMAPI_QUERY_RIGHT	= 38,	/* struct dmapi_query_right */
	DMAPI_QUERY_SESSION	= 39,	/* struct dmapi_getall */
	DMAPI_READ_INVIS	= 40,	/* struct dmapi_io */
	DMAPI_RELEASE_RIGHT	= 41,	/* struct dmapi_object */
	DMAPI_REMOVE_DMATTR	= 42,	/* struct dmapi_dmattr */
	DMAPI_REQUEST_RIGHT	= 43,	/* struct dmapi_request_right */
	DMAPI_RESPOND_EVENT	= 44,	/* struct dmapi_respond_event */
	DMAPI_SEND_MSG		= 45,	/* struct dmapi_send_msg */
	DMAPI_SET_DISP		= 46,	/* struct dmapi_set_disp */
	DMAPI_SET_DMATTR	= 47,	/* struct dmapi_dmattr */
	DMAPI_SET_EVENTLIST	= 48,	/* struct dmapi_set_disp */
	DMAPI_SET_INHERIT	= 50,	/* struct dmapi_set_inherit */
	DMAPI_SET_FILEATTR	= 49,	/* struct dmapi_set_fileattr */
	DMAPI_SET_REGION	= 51,	/* struct dmapi_set_region */
	DMAPI_SET_RETURN_ON_DESTROY = 52, /* struct dmapi_set_return_on_destroy */
	DMAPI_SYMLINK_BY_HANDLE	= 53,	/* struct dmapi_create_by_handle */
	DMAPI_SYNC_BY_HANDLE	= 54,	/* struct dmapi_object */
	DMAPI_UPGRADE_RIGHT	= 55,	/* struct dmapi_object */
	DMAPI_WRITE_INVIS	= 56,	/* struct dmapi_io */
	DMAPI_OPEN_BY_HANDLE	= 57,	/* struct dmapi_open_by_handle */

	/* Extensions */
	DMAPI_GET_VERSION	= DMAPI_EXT + 0, /* none: @arg NULL, @size 0 */
	DMAPI_SESSION_FD	= DMAPI_EXT + 1, /* struct dmapi_session_fd */
	DMAPI_SET_RESIDENT	= DMAPI_EXT + 2, /* struct dmapi_range */
	DMAPI_GET_CHANGE	= DMAPI_EXT + 3, /* struct dmapi_get_change */
	DMAPI_PUNCH_IF		= DMAPI_EXT + 4, /* struct dmapi_punch_if */
	DMAPI_STAGE		= DMAPI_EXT + 5, /* struct dmapi_stage */
	DMAPI_SET_BORN		= DMAPI_EXT + 6, /* struct dmapi_set_born */
	DMAPI_GET_BORN		= DMAPI_EXT + 7, /* struct dmapi_get_born */
	DMAPI_RESPOND_EVENTS	= DMAPI_EXT + 8, /* struct dmapi_respond_events */
	DMAPI_GET_SESSION_STATE	= DMAPI_EXT + 9, /* struct dmapi_getall */
	DMAPI_SET_MANAGED	= DMAPI_EXT + 16, /* struct dmapi_set_managed */
	DMAPI_HANDLE_TO_PATH	= DMAPI_EXT + 20, /* struct dmapi_handle_to_path */
};

/* Values of the fields below; names and numbers are SGI's. */
#define DMAPI_NO_SESSION	0
#define DMAPI_SID_FD(fd)	(~(fd))	/* as a sid: the session of a descriptor */
#define DMAPI_NO_TOKEN		(-1)
#define DMAPI_INVALID_TOKEN	0

#define DMAPI_SESSION_INFO_LEN	256	/* bytes, NUL included */
#define DMAPI_ATTR_NAME_SIZE	8	/* bytes */
#define DMAPI_MAX_ATTRIBUTE_SIZE 65536	/* bytes of a DM attribute's value */
#define DMAPI_MAX_ATTR_ON_DESTROY 4096	/* of these, in DMAPI_EVENT_DESTROY */
#define DMAPI_MAX_INHERIT	64	/* names of a file system's */
#define DMAPI_MAX_REGIONS	1024	/* managed regions of a file */
#define DMAPI_MAX_MESSAGE_DATA	65536	/* bytes of a response or a message */
#define DMAPI_MAX_RESPONSES	1024	/* answers in one call */
#define DMAPI_MAX_HANDLE_SIZE	56	/* bytes: no handle will ever be longer */
#define DMAPI_MAX_WORKER_FS	64	/* file systems of a worker's descriptor */

#define DMAPI_FD_ENDS		1	/* dmapi_session_fd.flags */
#define DMAPI_FD_WORKER		2

#define DMAPI_SESSION_MOUNT	1	/* dmapi_session_state.flags */
#define DMAPI_SESSION_BOUND	2
#define DMAPI_NEVER		(~0ULL)	/* of its times */

#define DMAPI_EV_WAIT		1	/* dmapi_get_events.flags */
#define DMAPI_RR_WAIT		1	/* dmapi_request_right.flags */
#define DMAPI_WRITE_SYNC	1	/* dmapi_io.flags */

#define DMAPI_RIGHT_NULL	0	/* rights; each includes the ones before */
#define DMAPI_RIGHT_SHARED	1
#define DMAPI_RIGHT_EXCL	2

#define DMAPI_REGION_READ	1	/* dmapi_region.flags */
#define DMAPI_REGION_WRITE	2
#define DMAPI_REGION_TRUNCATE	4
#define DMAPI_REGION_ALL	7

#define DMAPI_MSGTYPE_SYNC	1	/* dmapi_send_msg.msgtype */
#define DMAPI_MSGTYPE_ASYNC	2

#define DMAPI_RESP_CONTINUE	1	/* dmapi_respond_event.response */
#define DMAPI_RESP_ABORT	2
#define DMAPI_RESP_DONTCARE	3

#define DMAPI_MOUNT_RDONLY	1	/* dmapi_mount_event.mode */
#define DMAPI_UNMOUNT_FORCE	1	/* dmapi_namesp_event.mode */

/* mask of DMAPI_GET_FILEATTR and DMAPI_SET_FILEATTR, and dmapi_get_bulk.mask */
#define DMAPI_AT_MODE		0x0001
#define DMAPI_AT_UID		0x0002
#define DMAPI_AT_GID		0x0004
#define DMAPI_AT_ATIME		0x0008
#define DMAPI_AT_MTIME		0x0010
#define DMAPI_AT_CTIME		0x0020
#define DMAPI_AT_SIZE		0x0040
#define DMAPI_AT_DTIME		0x0080
#define DMAPI_AT_HANDLE		0x0100
#define DMAPI_AT_EMASK		0x0200
#define DMAPI_AT_PMANR		0x0400
#define DMAPI_AT_PATTR		0x0800
#define DMAPI_AT_STAT		0x1000
#define DMAPI_AT_CFLAG		0x2000

/* dmapi_stat.xflags */
#define DMAPI_XFLAG_REALTIME	0x00000001
#define DMAPI_XFLAG_PREALLOC	0x00000002
#define DMAPI_XFLAG_IMMUTABLE	0x00000008
#define DMAPI_XFLAG_APPEND	0x00000010
#define DMAPI_XFLAG_SYNC	0x00000020
#define DMAPI_XFLAG_NOATIME	0x00000040
#define DMAPI_XFLAG_NODUMP	0x00000080
#define DMAPI_XFLAG_HASATTR	0x80000000
#define DMAPI_XFLAG_ALL		0x800000fb

#define DMAPI_EXTENT_RES	1	/* dmapi_extent.type */
#define DMAPI_EXTENT_HOLE	2

/* Event numbers, which are bit numbers in event sets. */
#define DMAPI_EVENT_CANCEL	0
#define DMAPI_EVENT_MOUNT	1
#define DMAPI_EVENT_PREUNMOUNT	2
#define DMAPI_EVENT_UNMOUNT	3
#define DMAPI_EVENT_DEBUT	4
#define DMAPI_EVENT_CREATE	5
#define DMAPI_EVENT_CLOSE	6
#define DMAPI_EVENT_POSTCREATE	7
#define DMAPI_EVENT_REMOVE	8
#define DMAPI_EVENT_POSTREMOVE	9
#define DMAPI_EVENT_RENAME	10
#define DMAPI_EVENT_POSTRENAME	11
#define DMAPI_EVENT_LINK	12
#define DMAPI_EVENT_POSTLINK	13
#define DMAPI_EVENT_SYMLINK	14
#define DMAPI_EVENT_POSTSYMLINK	15
#define DMAPI_EVENT_READ	16
#define DMAPI_EVENT_WRITE	17
#define DMAPI_EVENT_TRUNCATE	18
#define DMAPI_EVENT_ATTRIBUTE	19
#define DMAPI_EVENT_DESTROY	20
#define DMAPI_EVENT_NOSPACE	21
#define DMAPI_EVENT_USER	22
#define DMAPI_EVENT_MAX		23

/* What DMAPI_GET_CONFIG is asked; answers are 1 or 0 but for MAX_ and TOTAL_. */
#define DMAPI_CONFIG_BULKALL			1
#define DMAPI_CONFIG_CREATE_BY_HANDLE		2
#define DMAPI_CONFIG_DTIME_OVERLOAD		3
#define DMAPI_CONFIG_LEGACY			4
#define DMAPI_CONFIG_LOCK_UPGRADE		5
#define DMAPI_CONFIG_MAX_ATTR_ON_DESTROY	6	/* bytes */
#define DMAPI_CONFIG_MAX_ATTRIBUTE_SIZE		7	/* bytes */
#define DMAPI_CONFIG_MAX_HANDLE_SIZE		8	/* bytes */
#define DMAPI_CONFIG_MAX_MANAGED_REGIONS	9	/* of a file */
#define DMAPI_CONFIG_MAX_MESSAGE_DATA		10	/* bytes */
#define DMAPI_CONFIG_OBJ_REF			11
#define DMAPI_CONFIG_PENDING			12
#define DMAPI_CONFIG_PERS_ATTRIBUTES		13
#define DMAPI_CONFIG_PERS_EVENTS		14
#define DMAPI_CONFIG_PERS_INHERIT_ATTRIBS	15
#define DMAPI_CONFIG_PERS_MANAGED_REGIONS	16
#define DMAPI_CONFIG_PUNCH_HOLE			17
#define DMAPI_CONFIG_TOTAL_ATTRIBUTE_SPACE	18	/* bytes of an object */
#define DMAPI_CONFIG_WILL_RETRY			19
#define DMAPI_CONFIG_LAST			19

/*
 * The global handle: this value in hanp, DMAPI_GLOBAL_HLEN in hlen.  Never
 * dereferenced.
 */
#define DMAPI_GLOBAL_HANP	1
#define DMAPI_GLOBAL_HLEN	1
#define DMAPI_FSHANDLE_LEN	8
#define DMAPI_HANDLE_LEN	24

/*
 * Where a file's data is, for everybody, without the system call.
 *
 * A virtual attribute of regular files, not listed and read-only.  Its value is
 * "resident", "partial" or "offline", without a NUL: no byte is offline, some
 * are, all are.
 *
 * A bit of statx()'s stx_attributes and stx_attributes_mask: some byte may be
 * offline.  Where it is clear, and set in the mask, none is.  It is not an
 * official one, and far from those that are, as the number of the call is.
 */
#define DMAPI_XATTR_STATE	"system.dmapi.state"
#define DMAPI_STATX_OFFLINE	0x4000000000000000ULL

/* --- What the operations read ------------------------------------------ */

/* DMAPI_DESTROY_SESSION */
struct dmapi_session {
	__s32		sid;
	__u32		flags;		/* must be 0 */
};

/*
 * DMAPI_SESSION_FD: a descriptor for the session, close-on-exec, which the call
 * returns.  It can be polled, and DMAPI_SID_FD() of it is a sid, wherever a
 * structure begins with one, but for dmapi_create_session.  It belongs to the
 * id that the session has now, not to the one that an assumption gives it.
 *
 * DMAPI_FD_ENDS: the session ends when nobody has the descriptor any more, unless
 * it was assumed before.  Operations that wait for its answers ask whoever has,
 * or takes, their disposition; asynchronous messages are dropped; who waits for
 * the answer to a DMAPI_SEND_MSG gets EINVAL.
 *
 * DMAPI_FD_WORKER: it can be used without privilege, by whoever has it, and only
 * for what a worker does (Documentation/userspace-api/dmapi.rst lists it), with
 * objects of the @nfs file systems whose handles are at @fsp, and with messages
 * about them.
 *
 *	EINVAL	unknown flags; @nfs is 0 or above DMAPI_MAX_WORKER_FS; or it is
 *		given without DMAPI_FD_WORKER
 *	EFAULT	@fsp cannot be read
 *	EBADF	a handle there names nothing mounted
 *	EMFILE, ENFILE, ENOMEM
 */
struct dmapi_session_fd {
	__s32		sid;
	__u32		flags;		/* DMAPI_FD_* */
	__u32		nfs;
	__u32		pad;		/* must be 0 */
	__aligned_u64	fsp;		/* @nfs times DMAPI_FSHANDLE_LEN bytes */
};

/* DMAPI_CREATE_SESSION */
struct dmapi_create_session {
	__s32		oldsid;		/* DMAPI_NO_SESSION, or one to assume */
	__u32		pad;		/* must be 0 */
	__aligned_u64	info;		/* const char *, NUL terminated */
	__aligned_u64	newsidp;	/* __s32 *: result */
};

/*
 * DMAPI_QUERY_SESSION: the info string with its NUL.
 * DMAPI_GETALL_DISP: linked struct dmapi_dispinfo.
 * DMAPI_GET_SESSION_STATE: struct dmapi_session_state, which may grow: as much of
 * it as @buflen takes, and E2BIG if that is less than its first version.
 */
struct dmapi_getall {
	__s32		sid;
	__u32		pad;		/* must be 0 */
	__aligned_u64	buflen;		/* bytes */
	__aligned_u64	bufp;		/* void * */
	__aligned_u64	rlenp;		/* __u64 *: bytes stored or needed */
};

/* DMAPI_GETALL_SESSIONS (sid must be 0), DMAPI_GETALL_TOKENS */
struct dmapi_getall_ids {
	__s32		sid;
	__u32		nelem;		/* room in bufp */
	__aligned_u64	bufp;		/* __s32 * */
	__aligned_u64	nelemp;		/* __u32 *: stored or needed */
};

/* DMAPI_GET_EVENTS */
struct dmapi_get_events {
	__s32		sid;
	__u32		maxmsgs;	/* 0: as many as fit */
	__u32		flags;		/* DMAPI_EV_WAIT or 0 */
	__u32		pad;		/* must be 0 */
	__aligned_u64	buflen;		/* bytes */
	__aligned_u64	bufp;		/* linked struct dmapi_eventmsg */
	__aligned_u64	rlenp;		/* __u64 *: bytes stored or needed */
};

/* DMAPI_RESPOND_EVENT */
struct dmapi_respond_event {
	__s32		sid;
	__s32		token;
	__u32		response;	/* DMAPI_RESP_* */
	__s32		reterror;	/* a positive errno, with ABORT only */
	__aligned_u64	buflen;		/* bytes */
	__aligned_u64	respbufp;	/* void *: read and ignored, as XDSM */
};

/*
 * DMAPI_RESPOND_EVENTS: many answers at once, in order.  What is wrong with one of
 * them is told in it, and keeps the others from nothing.
 */
struct dmapi_respond_events {
	__s32		sid;
	__u32		nelem;		/* 1 to DMAPI_MAX_RESPONSES */
	__aligned_u64	bufp;		/* struct dmapi_response * */
	__aligned_u64	nelemp;		/* __u32 *: how many were given */
};

/*
 * DMAPI_PENDING: the answer will take about so long.  Operations by descriptors
 * with O_NONBLOCK that wait for it, or would, fail with EAGAIN.
 */
struct dmapi_pending {
	__s32		sid;
	__s32		token;
	__s64		sec;		/* 0 or more */
	__u32		nsec;		/* below 1000000000 */
	__u32		pad;		/* must be 0 */
};

/* DMAPI_FIND_EVENTMSG */
struct dmapi_find_eventmsg {
	__s32		sid;
	__s32		token;
	__aligned_u64	buflen;		/* bytes */
	__aligned_u64	bufp;		/* struct dmapi_eventmsg */
	__aligned_u64	rlenp;		/* __u64 *: bytes stored or needed */
};

/*
 * DMAPI_CREATE_USEREVENT: a message of type DMAPI_EVENT_USER, with these bytes,
 * as one that the session has read and is to answer.
 *
 *	E2BIG	@msglen is above DMAPI_MAX_MESSAGE_DATA
 *	EFAULT	the message cannot be read, or @tokenp not written: there is no
 *		message then
 */
struct dmapi_create_userevent {
	__s32		sid;
	__u32		pad;		/* must be 0 */
	__aligned_u64	msglen;		/* bytes, may be 0 */
	__aligned_u64	msgdatap;	/* const void * */
	__aligned_u64	tokenp;		/* __s32 *: result */
};

/*
 * DMAPI_SEND_MSG: a message of type DMAPI_EVENT_USER for a session, which may be
 * the caller's own.  SYNC waits for the answer and returns it: 0, or the errno of
 * an ABORT.  A full queue makes both wait for room.
 *
 *	EINVAL	@msgtype is neither
 *	E2BIG	@buflen is above DMAPI_MAX_MESSAGE_DATA
 *	EFAULT	the message cannot be read
 *	EINVAL	the session was destroyed while its queue had no room
 *	EINTR	ASYNC: a signal came before there was room.  SYNC can only be
 *		killed.
 */
struct dmapi_send_msg {
	__s32		sid;		/* to whom */
	__u32		msgtype;	/* DMAPI_MSGTYPE_* */
	__aligned_u64	buflen;		/* bytes, may be 0 */
	__aligned_u64	bufp;		/* const void * */
};

/*
 * DMAPI_MOVE_EVENT: another session is to answer a message that was delivered.
 * It finds the message by the token and is not told otherwise.
 *
 *	EINVAL	@token is not positive, or @targetsid is unknown
 *	ENOENT	@token is not outstanding in @sid
 *	EFAULT	@rtokenp cannot be written: nothing has been moved
 */
struct dmapi_move_event {
	__s32		sid;		/* whose it is */
	__s32		token;
	__s32		targetsid;	/* whose it will be */
	__u32		pad;		/* must be 0 */
	__aligned_u64	rtokenp;	/* __s32 *: its token there, the same */
};

/*
 * DMAPI_PATH_TO_HANDLE (a final symbolic link is not followed),
 * DMAPI_PATH_TO_FSHANDLE (it is).
 */
struct dmapi_path_to_handle {
	__aligned_u64	path;		/* const char * */
	__aligned_u64	hanp;		/* room for DMAPI_HANDLE_LEN bytes */
	__aligned_u64	hlenp;		/* __u64 *: bytes stored */
};

/* DMAPI_FD_TO_HANDLE */
struct dmapi_fd_to_handle {
	__s32		fd;
	__u32		pad;		/* must be 0 */
	__aligned_u64	hanp;		/* room for DMAPI_HANDLE_LEN bytes */
	__aligned_u64	hlenp;		/* __u64 *: bytes stored */
};

/**
 * struct dmapi_object - the object an operation is about
 * @sid: the caller's session
 * @token: a token of that session, or DMAPI_NO_TOKEN
 * @hanp: pointer to the handle
 * @hlen: bytes of the handle
 *
 * The first member of every structure below, and DMAPI_SYNC_BY_HANDLE's whole.
 */
struct dmapi_object {
	__s32		sid;
	__s32		token;
	__aligned_u64	hanp;
	__aligned_u64	hlen;
};

/*
 * Rights on an object: a file system, or anything in one.  DMAPI_NO_TOKEN is not
 * a token here (EINVAL).  SHARED: any number of tokens have it, and nobody changes
 * the object.  EXCL: one token has it, and nobody else uses the object.  A right
 * ends with its token.
 *
 * DMAPI_REQUEST_RIGHT: get one.  More is never made less.
 *
 *	EINVAL	@right is neither SHARED nor EXCL, or @flags is unknown
 *	EAGAIN	it is not free, and nobody is to wait
 *	EACCES	the token has SHARED and would wait for EXCL, as others may
 *	EDEADLK	who is in the way waits, by way of others perhaps, for a right
 *		of this token
 *	EINTR	a signal came first
 *	ESRCH	the token ended meanwhile
 *	EIO	all waits on the file system were ended
 */
struct dmapi_request_right {
	struct dmapi_object obj;
	__u32		flags;		/* DMAPI_RR_WAIT or 0 */
	__u32		right;		/* DMAPI_RIGHT_SHARED or _EXCL */
};

/*
 * DMAPI_QUERY_RIGHT: what the token has.
 *
 * DMAPI_RELEASE_RIGHT: EACCES it has none.
 * DMAPI_UPGRADE_RIGHT: to EXCL, without waiting.  EPERM it has none; EAGAIN others
 * share it.
 * DMAPI_DOWNGRADE_RIGHT: from EXCL to SHARED.  EPERM it has not EXCL.
 *
 * DMAPI_OBJ_REF_HOLD, _RELE, _QUERY: a reference, which keeps an object in memory,
 * not a file system (EINVAL).  EBUSY the token has one; EACCES it has none.
 * DMAPI_OBJ_REF_QUERY returns 1 or 0.
 */
struct dmapi_query_right {
	struct dmapi_object obj;
	__aligned_u64	rightp;		/* __u32 *: result, DMAPI_RIGHT_* */
};

/*
 * DMAPI_SET_DISP: bits from maxevent on count as clear.
 * DMAPI_SET_EVENTLIST: they keep their value.
 */
struct dmapi_set_disp {
	struct dmapi_object obj;
	__aligned_u64	eventsetp;	/* __u64 * */
	__u32		maxevent;	/* 1 to DMAPI_EVENT_MAX */
	__u32		pad;		/* must be 0 */
};

/* DMAPI_GET_EVENTLIST: of a file, with what its regions are armed for */
struct dmapi_get_eventlist {
	struct dmapi_object obj;
	__u32		nelem;		/* bits that the caller takes */
	__u32		pad;		/* must be 0 */
	__aligned_u64	eventsetp;	/* __u64 * */
	__aligned_u64	nelemp;		/* __u32 *: number of the highest bit, and 1 */
};

/*
 * DMAPI_SET_BORN, of a directory or a file system: what is created there, or
 * anywhere, begins with these events in its list, as far as its kind can have
 * them; a file also with a region over all of it.
 */
struct dmapi_set_born {
	struct dmapi_object obj;
	__u64		events;
	__u32		regions;	/* DMAPI_REGION_* */
	__u32		pad;		/* must be 0 */
};

/* DMAPI_GET_BORN */
struct dmapi_get_born {
	struct dmapi_object obj;
	__aligned_u64	eventsp;	/* __u64 * */
	__aligned_u64	regionsp;	/* __u32 * */
};

/* An entry of a file system's list of what is inherited */
struct dmapi_inherit {
	__u8		name[DMAPI_ATTR_NAME_SIZE];
	__u32		filetype;	/* S_IF*, or 0: of every type */
};

/*
 * DMAPI_SET_INHERIT, of a file system: what is created there begins with the
 * value that its directory has for the DM attribute, if any.  The object and its
 * values become visible, and durable, together.  A name that is in the list gets
 * the new type.
 * DMAPI_CLEAR_INHERIT: it does not any more; mode must be 0.
 *
 *	EINVAL	mode is neither 0 nor a type alone, or the name begins with a NUL
 *	EFAULT	@namep cannot be read
 *	ENOENT	(CLEAR) the name is not in the list
 *	ENOSPC	(SET) the list has DMAPI_MAX_INHERIT names, or the disk is full
 */
struct dmapi_set_inherit {
	struct dmapi_object obj;
	__aligned_u64	namep;		/* DMAPI_ATTR_NAME_SIZE bytes */
	__u32		mode;		/* S_IF*, or 0: every type */
	__u32		pad;		/* must be 0 */
};

/*
 * DMAPI_GETALL_INHERIT
 *
 *	E2BIG	there are more; @nelemp says how many
 *	EFAULT	@bufp or @nelemp cannot be written
 */
struct dmapi_getall_inherit {
	struct dmapi_object obj;
	__u32		nelem;
	__u32		pad;		/* must be 0 */
	__aligned_u64	bufp;		/* struct dmapi_inherit * */
	__aligned_u64	nelemp;		/* __u32 *: stored or needed */
};

/*
 * DMAPI_GET_CONFIG: what the implementation can do, and how much.  A file system,
 * or anything in one; no session and no token, whose members must be
 * DMAPI_NO_SESSION and DMAPI_NO_TOKEN.
 *
 *	EINVAL	@flagname is unknown
 *	EFAULT	@retvalp cannot be written
 */
struct dmapi_get_config {
	struct dmapi_object obj;
	__u32		flagname;	/* DMAPI_CONFIG_* */
	__u32		pad;		/* must be 0 */
	__aligned_u64	retvalp;	/* __u64 *: result */
};

/*
 * DMAPI_GET_CONFIG_EVENTS: the events that there are, likewise.
 *
 *	E2BIG	@nelem is below DMAPI_EVENT_MAX
 *	EFAULT	@eventsetp or @nelemp cannot be written
 */
struct dmapi_get_config_events {
	struct dmapi_object obj;
	__u32		nelem;		/* bits that the caller knows */
	__u32		pad;		/* must be 0 */
	__aligned_u64	eventsetp;	/* __u64 *: result */
	__aligned_u64	nelemp;		/* __u32 *: bits that there are */
};

/* DMAPI_SET_REGION */
struct dmapi_set_region {
	struct dmapi_object obj;
	__u32		nelem;
	__u32		pad;		/* must be 0 */
	__aligned_u64	regbufp;	/* struct dmapi_region * */
	__aligned_u64	exactp;		/* __u32 *: 1 if stored as asked */
};

/*
 * DMAPI_SET_MANAGED, of a file system: mark it as managed, so that it is mounted
 * so without the option, or remove the mark.  It is on disk on return.
 * Of any other object, with @on 0: take away what is kept of it, its regions, the
 * number of its data, its event list and what it hands down, but DM attributes.
 *
 *	EINVAL	@on is not 0 or 1, or 1 for an object
 *	EBUSY	a byte of the object is offline
 *	EROFS, ENOSPC, EIO, EUCLEAN
 */
struct dmapi_set_managed {
	struct dmapi_object obj;
	__u32		on;		/* boolean */
	__u32		pad;		/* must be 0 */
};

/* DMAPI_GET_REGION */
struct dmapi_get_region {
	struct dmapi_object obj;
	__u32		nelem;
	__u32		pad;		/* must be 0 */
	__aligned_u64	regbufp;	/* struct dmapi_region * */
	__aligned_u64	nelemp;		/* __u32 *: stored or needed */
};

/*
 * DMAPI_PUNCH_HOLE: free the range's blocks, len 0 is to the end of the file.
 * DMAPI_SET_RESIDENT: what was recalled is data again.  READ is disarmed in
 * the range, under the locks that exclude readers and other changes, so that
 * workers which recall parts of one file do not undo each other's work.
 */
struct dmapi_range {
	struct dmapi_object obj;
	__s64		off;		/* bytes */
	__u64		len;		/* bytes */
};

/*
 * DMAPI_GET_CHANGE: a number for the data as it is now.  As long as nobody
 * changes the data the number stays; no other data of the file gets it again.
 */
struct dmapi_get_change {
	struct dmapi_object obj;
	__aligned_u64	changep;	/* __u64 *: result, never 0 */
};

/*
 * DMAPI_PUNCH_IF: DMAPI_PUNCH_HOLE, with ESTALE if the data has changed since
 * DMAPI_GET_CHANGE told the number.
 */
struct dmapi_punch_if {
	struct dmapi_object obj;
	__s64		off;		/* bytes */
	__u64		len;		/* bytes */
	__u64		change;
};

/*
 * DMAPI_STAGE: blocks of a staged file become those of the range, where the
 * range is offline; what is resident stays.  The staged file gets the holes.
 */
struct dmapi_stage {
	struct dmapi_object obj;
	__s32		fd;		/* the staged file, open for reading and writing */
	__u32		pad;		/* must be 0 */
	__s64		stage_off;	/* bytes, of the staged file */
	__s64		off;		/* bytes, of the object */
	__u64		len;		/* bytes */
	__u64		change;		/* as DMAPI_PUNCH_IF; 0: any */
};

/*
 * DMAPI_OPEN_BY_HANDLE: a descriptor for a file or a directory, which the call
 * returns.  An ordinary one, but that its use changes no time stamps: reading
 * what is away by it waits for the manager.  On a mount of the caller's namespace,
 * one that is writable if there is one.  No session and no token, whose members
 * must be DMAPI_NO_SESSION and DMAPI_NO_TOKEN.
 *
 *	EBADF	a file system's handle
 *	EINVAL	@flags holds another one than O_RDONLY, O_WRONLY, O_RDWR, O_APPEND,
 *		O_CLOEXEC, O_DIRECT, O_DIRECTORY, O_DSYNC, O_LARGEFILE, O_NOATIME,
 *		O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_SYNC
 *	EISDIR	writing to a directory
 *	ENOTDIR	O_DIRECTORY, and it is a file
 *	EPERM	writing to an immutable file, or to an append-only one without
 *		O_APPEND
 *	ENXIO	the caller sees no mount of the file system
 *	ENOENT	a directory that was removed
 *	EMFILE, and whatever open(2) has for what it finds: EROFS, ETXTBSY,
 *		EWOULDBLOCK
 */
struct dmapi_open_by_handle {
	struct dmapi_object obj;
	__u32		flags;		/* open(2)'s */
	__u32		pad;		/* must be 0 */
};

/*
 * DMAPI_HANDLE_TO_PATH, of a directory: the absolute path of what is in it, or its
 * own, as the caller sees it.  No session and no token, likewise.
 *
 *	EBADF	a handle that is not a directory's, or a target's that is no
 *		object's, is gone, or is on another file system
 *	EINVAL	the target is not in the directory
 *	ENXIO	the caller sees no mount where the directory is
 *	ENOENT	the directory was removed
 *	ENAMETOOLONG the path would have more than a million bytes
 *	EINTR	a deadly signal came while the directory was searched
 *	E2BIG	@buflen is too small
 *	EFAULT	@targhanp cannot be read, or a result not be written
 */
struct dmapi_handle_to_path {
	struct dmapi_object obj;	/* the directory */
	__aligned_u64	targhanp;	/* const void *: what is in it */
	__aligned_u64	targhlen;	/* bytes */
	__aligned_u64	buflen;		/* bytes */
	__aligned_u64	pathbufp;	/* char *: result, with a NUL */
	__aligned_u64	rlenp;		/* __u64 *: bytes stored or needed */
};

/*
 * DMAPI_CREATE_BY_HANDLE, DMAPI_MKDIR_BY_HANDLE, DMAPI_SYMLINK_BY_HANDLE, in a
 * directory: an empty file, a directory, a symbolic link under a handle that
 * nothing has now, with its inode number and generation.  It belongs to the
 * caller, as by mknod(2); its mode is 0600, 0700 or 0777, less the umask or as
 * the directory's default ACL has it.  No events are raised.
 *
 *	EBADF	@targhanp has no valid form, is not of this file system, or nothing
 *		in a directory can have it: it is of no block that exists, of what
 *		XFS keeps at a fixed place, or of an internal inode
 *	EFAULT	@targhanp, @namep or @pathp cannot be read
 *	ENAMETOOLONG @namep is longer than 255 bytes, or @pathp than 1023
 *	EINVAL	@namep is empty, ".", ".." or has a slash; @pathp is not 0 and it is
 *		no symbolic link
 *	ENXIO	the caller sees no mount of the file system
 *	ENOENT	@pathp is empty, or the directory was removed
 *	EEXIST	the name exists, or the handle's inode is in use, whatever its
 *		generation
 *	ENOSPC	something else is where the inode belongs; or no space
 *	EACCES	the caller may not write to the directory
 *	EPERM	the directory is immutable, or for SYMLINK may have none
 *	EROFS, EMLINK, EDQUOT, ENOMEM
 */
struct dmapi_create_by_handle {
	struct dmapi_object obj;	/* the directory */
	__aligned_u64	targhanp;	/* const void *: the handle it is to have */
	__aligned_u64	targhlen;	/* bytes */
	__aligned_u64	namep;		/* const char *: its name there */
	__aligned_u64	pathp;		/* const char *: a link's contents, else 0 */
};

/* DMAPI_GET_DIOINFO, of a file: EFAULT if @diop cannot be written. */
struct dmapi_get_dioinfo {
	struct dmapi_object obj;
	__aligned_u64	diop;		/* struct dmapi_dioinfo *: result */
};

/* DMAPI_PROBE_HOLE */
struct dmapi_probe_hole {
	struct dmapi_object obj;
	__s64		off;		/* bytes */
	__u64		len;		/* bytes */
	__aligned_u64	roffp;		/* __s64 *: bytes */
	__aligned_u64	rlenp;		/* __u64 *: bytes */
};

/* DMAPI_GET_ALLOCINFO: returns 1 if there is more from *offp on */
struct dmapi_get_allocinfo {
	struct dmapi_object obj;
	__aligned_u64	offp;		/* __s64 *: in and out, bytes */
	__u32		nelem;
	__u32		pad;		/* must be 0 */
	__aligned_u64	extentp;	/* struct dmapi_extent * */
	__aligned_u64	nelemp;		/* __u32 *: stored */
};

/* DMAPI_GET_MOUNTINFO, of a file system: struct dmapi_mount_event */
struct dmapi_get_mountinfo {
	struct dmapi_object obj;
	__aligned_u64	buflen;		/* bytes */
	__aligned_u64	bufp;		/* void * */
	__aligned_u64	rlenp;		/* __u64 *: bytes stored or needed */
};

/* DMAPI_READ_INVIS, DMAPI_WRITE_INVIS: return bytes transferred */
struct dmapi_io {
	struct dmapi_object obj;
	__s64		off;		/* bytes */
	__u64		len;		/* bytes */
	__aligned_u64	bufp;		/* void * */
	__u32		flags;		/* DMAPI_WRITE_SYNC or 0 */
	__u32		pad;		/* must be 0 */
};

/*
 * DMAPI_SET_DMATTR: namep, setdtime, buflen, bufp.
 * DMAPI_GET_DMATTR: namep, buflen, bufp, rlenp.
 * DMAPI_GETALL_DMATTR: buflen, bufp (linked struct dmapi_attrlist), rlenp.
 * DMAPI_REMOVE_DMATTR: namep, setdtime.
 * What an operation does not use must be 0.
 */
struct dmapi_dmattr {
	struct dmapi_object obj;
	__aligned_u64	namep;		/* const char [DMAPI_ATTR_NAME_SIZE] */
	__u32		setdtime;	/* boolean */
	__u32		pad;		/* must be 0 */
	__aligned_u64	buflen;		/* bytes */
	__aligned_u64	bufp;		/* void * */
	__aligned_u64	rlenp;		/* __u64 *: bytes stored or needed */
};

/*
 * DMAPI_GET_FILEATTR, of any object: the groups of dmapi_stat that @mask names, 0
 * is all; the rest is 0.  With DMAPI_AT_CFLAG the file is armed like by
 * DMAPI_GET_CHANGE, if it can be, so that no change of its data is missed.
 *
 *	EINVAL	@mask has other bits than DTIME, EMASK, PMANR, PATTR, STAT, CFLAG
 *	EBUSY	CFLAG: a device is writing into pages of the file
 *	EFAULT	@statp cannot be written
 *	EIO, ENOSPC
 */
struct dmapi_get_fileattr {
	struct dmapi_object obj;
	__u32		mask;		/* DMAPI_AT_* */
	__u32		pad;		/* must be 0 */
	__aligned_u64	statp;		/* struct dmapi_stat * */
};

/*
 * DMAPI_SET_FILEATTR, of any object: the members of dmapi_fileattr that @mask names.
 * Times are seconds and become exact; no other time changes.  No event, no quota
 * limit, no flag of the file's is in the way.
 *
 *	EINVAL	@mask has other bits than MODE, UID, GID, ATIME, MTIME, CTIME,
 *		DTIME, SIZE; an owner that does not exist; a negative size, or
 *		SIZE of what is neither file nor directory
 *	EISDIR	SIZE of a directory
 *	EFBIG	SIZE beyond what a file can have
 *	EBUSY	SIZE: the file ends, or would, in a page that holds offline bytes
 *	ETXTBSY	SIZE of a swap file
 *	EOPNOTSUPP SIZE of a file on a zoned device
 *	EFAULT	@attrp cannot be read
 *	EIO, ENOSPC, EROFS
 */
struct dmapi_set_fileattr {
	struct dmapi_object obj;
	__u32		mask;		/* DMAPI_AT_* */
	__u32		pad;		/* must be 0 */
	__aligned_u64	attrp;		/* const struct dmapi_fileattr * */
};

/* DMAPI_INIT_ATTRLOC, of a file system or a directory: where to begin */
struct dmapi_init_attrloc {
	struct dmapi_object obj;
	__aligned_u64	locp;		/* __s64 *: result */
};

/*
 * DMAPI_GET_BULKATTR, of a file system: linked struct dmapi_stat of its objects.
 * DMAPI_GET_BULKALL: linked struct dmapi_xstat, with the value of a DM attribute.
 * DMAPI_GET_DIRATTRS, of a directory: linked struct dmapi_stat of its entries, "."
 * and ".." among them, with their names.
 *
 * Return 1 if there is more and 0 if that was all; @locp is where to go on.  @mask
 * is as in DMAPI_GET_FILEATTR, and DMAPI_AT_HANDLE besides; DMAPI_AT_CFLAG arms no
 * file here.
 *
 *	EINVAL	@mask has other bits; *@locp is none that a call stored; the name
 *		is empty, or given where none is wanted
 *	E2BIG	not the first record fits, *@rlenp is what it takes.
 *		DMAPI_GET_DIRATTRS returns 1 and stores 0 in *@rlenp
 *	EFAULT	@namep or @locp cannot be read, @bufp, @locp or @rlenp not written
 *	EUCLEAN	the next object is corrupt, and *@locp is behind it
 *	EINTR	the caller was killed
 *	EIO, ENOMEM
 */
struct dmapi_get_bulk {
	struct dmapi_object obj;
	__u32		mask;		/* DMAPI_AT_* */
	__u32		pad;		/* must be 0 */
	__aligned_u64	namep;		/* GET_BULKALL: const char [DMAPI_ATTR_NAME_SIZE] */
	__aligned_u64	locp;		/* __s64 *: in and out */
	__aligned_u64	buflen;		/* bytes */
	__aligned_u64	bufp;		/* void * */
	__aligned_u64	rlenp;		/* __u64 *: bytes stored or needed */
};

/*
 * DMAPI_SET_RETURN_ON_DESTROY, of a file system: DMAPI_EVENT_DESTROY carries the
 * value of this DM attribute, as far as DMAPI_MAX_ATTR_ON_DESTROY goes, until
 * the event goes to another session or to none.
 */
struct dmapi_set_return_on_destroy {
	struct dmapi_object obj;
	__aligned_u64	namep;		/* const char [DMAPI_ATTR_NAME_SIZE] */
	__u32		enable;		/* boolean */
	__u32		pad;		/* must be 0 */
};

/* --- What the operations read and write through pointers --------------- */

/* Variable data: where, from the start of the structure, and how much. */
struct dmapi_vardata {
	__s32		offset;		/* bytes */
	__u32		length;		/* bytes */
};

struct dmapi_eventmsg {
	__s32		link;		/* bytes to the next one, 0: last */
	__s32		type;		/* DMAPI_EVENT_* */
	__s32		token;		/* 0: nothing to answer */
	__u32		sequence;	/* order of generation, may wrap */
	struct dmapi_vardata data;	/* the event's own structure */
};

/* An answer, as in struct dmapi_respond_event */
struct dmapi_response {
	__s32		token;
	__u32		response;	/* DMAPI_RESP_* */
	__s32		reterror;	/* a positive errno, with ABORT only */
	__s32		error;		/* result: 0, or the errno that it had */
};

struct dmapi_data_event {
	struct dmapi_vardata handle;
	__s64		offset;		/* bytes */
	__u64		length;		/* bytes */
};

/*
 * DMAPI_EVENT_CANCEL: nobody waits any more for the answer to a message that was
 * delivered.  It is to be answered nevertheless, which ends its token.
 */
struct dmapi_cancel_event {
	__u32		sequence;	/* the message's */
	__s32		token;		/* the message's */
};

/*
 * DMAPI_EVENT_DESTROY: the handle is dead; name and value of the attribute that
 * was asked for, if the object had it.
 */
struct dmapi_destroy_event {
	struct dmapi_vardata handle;
	__u8		attrname[DMAPI_ATTR_NAME_SIZE];
	struct dmapi_vardata attrcopy;
};

/*
 * DMAPI_EVENT_NOSPACE: file system, who needs space there; else empty.
 * PREUNMOUNT: file system, root directory; mode is DMAPI_UNMOUNT_FORCE or 0.
 * UNMOUNT: file system; mode likewise; retcode is 0 or why it failed.
 * CREATE, REMOVE: directory; POSTCREATE: also the new object; the name.
 * RENAME: both directories, both names.  LINK: directory, the object; the name.
 * SYMLINK: directory, POSTSYMLINK: also the new link; its name, its contents.
 * DEBUT, CLOSE, ATTRIBUTE: the object.
 * Names end with a NUL, which counts.
 */
struct dmapi_namesp_event {
	__u32		mode;
	struct dmapi_vardata handle1;
	struct dmapi_vardata handle2;
	struct dmapi_vardata name1;
	struct dmapi_vardata name2;
	__s32		retcode;
};

/*
 * DMAPI_EVENT_MOUNT: handles of the file system, of the directory it is mounted
 * on if that is on a managed file system, and of its root directory; the mount
 * point's path as whoever mounts sees it, empty if nothing was attached yet; the
 * device.  Names end with a NUL, which counts.
 */
struct dmapi_mount_event {
	__u32		mode;		/* DMAPI_MOUNT_RDONLY or 0 */
	struct dmapi_vardata handle1;	/* file system */
	struct dmapi_vardata handle2;	/* mounted on */
	struct dmapi_vardata name1;	/* path */
	struct dmapi_vardata name2;	/* device */
	struct dmapi_vardata roothandle;
};

/* Times are nanoseconds ago, by a clock that goes on in suspend. */
struct dmapi_session_state {
	__s32		sid;
	__u32		flags;		/* DMAPI_SESSION_MOUNT, _BOUND */
	__u64		created;
	__u64		assumed;	/* NEVER: it was not */
	__u64		got;		/* last call of get_events; or NEVER */
	__u64		oldest_queued;	/* NEVER: none is */
	__u64		oldest_delivered; /* since it was; NEVER: none is */
	__u32		queued;		/* messages that nobody got */
	__u32		delivered;	/* that are to be answered */
	__u32		getters;	/* callers in get_events */
	__s32		tgid;		/* who created or assumed it, for init */
	char		comm[16];	/* and his name then */
	char		info[DMAPI_SESSION_INFO_LEN];
};

struct dmapi_dispinfo {
	__s32		link;		/* bytes to the next one, 0: last */
	__u32		pad;
	struct dmapi_vardata fshandle;
	__u64		eventset;
};

struct dmapi_region {
	__s64		offset;		/* bytes */
	__u64		size;		/* bytes, 0: without end */
	__u32		flags;		/* DMAPI_REGION_* */
	__u32		pad;
};

struct dmapi_extent {
	__u32		type;		/* DMAPI_EXTENT_* */
	__u32		pad;
	__s64		offset;		/* bytes */
	__u64		length;		/* bytes */
};

/* What direct I/O wants, bytes */
struct dmapi_dioinfo {
	__u32		mem;		/* alignment of memory */
	__u32		miniosz;	/* of offset and length */
	__u32		maxiosz;	/* largest length */
	__u32		dio_only;	/* boolean, 0: there is a page cache */
};

/* What DMAPI_SET_FILEATTR reads; nothing is read of what the mask does not name. */
struct dmapi_fileattr {
	__s32		mode;		/* permission bits, the type is ignored */
	__u32		uid;
	__u32		gid;
	__u32		pad;
	__s64		atime;		/* seconds */
	__s64		mtime;		/* seconds */
	__s64		ctime;		/* seconds */
	__s64		dtime;		/* seconds; becomes ctime, if there are DM attributes */
	__u32		pad1;
	__u32		pad2;
	__s64		size;		/* bytes */
};

/* An object; in a list each is padded to a multiple of 8 bytes. */
struct dmapi_stat {
	__s32		link;		/* bytes to the next one, 0: last */
	struct dmapi_vardata handle;	/* HANDLE */
	struct dmapi_vardata compname;	/* DMAPI_GET_DIRATTRS: with NUL, which counts */
	__s32		nevents;	/* EMASK: bits of emask that mean something */
	__u64		emask;		/* EMASK: event list and regions' flags */
	__s32		pers;		/* PATTR: boolean, has DM attributes */
	__s32		pmanreg;	/* PMANR: boolean, has managed regions */
	__s64		dtime;		/* DTIME: seconds, 0 without DM attributes */
	__u32		change;		/* CFLAG: another one after a change */
	__u32		pad1;
	/* STAT: */
	__s64		dev;
	__u64		ino;
	__s32		mode;
	__s32		nlink;
	__u32		uid;
	__u32		gid;
	__s64		rdev;
	__u32		pad2;
	__u32		pad3;
	__s64		size;		/* bytes */
	__s64		atime;		/* seconds */
	__s64		mtime;		/* seconds */
	__s64		ctime;		/* seconds */
	__u32		blksize;	/* bytes */
	__u32		pad4;
	__u64		blocks;		/* of 512 bytes, that are here */
	__u64		pad5;
	__s32		fstype;		/* 0 */
	__u32		igen;		/* generation */
	__u32		xflags;		/* DMAPI_XFLAG_* */
	__u32		extsize;	/* bytes, hint for allocations */
	__u32		extents;	/* of data */
	__u16		aextents;	/* of attributes */
	__u16		dmstate;	/* the inode core's */
};

struct dmapi_xstat {
	struct dmapi_stat stat;		/* its link leads to the next of these */
	struct dmapi_vardata attrdata;	/* length 0: no such attribute, or empty */
};

struct dmapi_attrlist {
	__s32		link;		/* bytes to the next one, 0: last */
	__u8		name[DMAPI_ATTR_NAME_SIZE];
	struct dmapi_vardata data;
};

#endif /* _UAPI_LINUX_DMAPI_H */
