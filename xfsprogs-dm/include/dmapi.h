/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dmapi.h - XDSM, the X/Open data storage management interface (CAE C429)
 *
 * A DM application manages the storage of other programs' files: it moves data
 * elsewhere, frees the blocks, and brings the data back when somebody touches
 * it.  This header is source compatible with, and on LP64 binary compatible
 * to, the one that SGI shipped for XFS: names, values and layouts are the
 * same.  Link with -ldm.
 *
 * Unless said otherwise
 *  - every function returns 0, or -1 with errno set,
 *  - offsets, sizes and lengths are in bytes,
 *  - "buflen, bufp, rlenp" store *rlenp bytes; too small a buffer is E2BIG
 *    with the bytes needed in *rlenp,
 *  - "nelem, bufp, nelemp" do the same with array elements,
 *  - a token is one of an outstanding event of that session, or DM_NO_TOKEN,
 *  - the caller needs CAP_SYS_ADMIN.
 *
 * The prototypes are complete; see dmapi(2) for what the kernel implements.
 */
#ifndef _DMAPI_H
#define _DMAPI_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>
#include <linux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Scalars ----------------------------------------------------------- */

typedef __s64		dm_attrloc_t;	/* position of a bulk scan, opaque */
typedef unsigned int	dm_boolean_t;	/* DM_TRUE or DM_FALSE */
typedef __u64		dm_eventset_t;	/* bit n is event number n */
typedef __u64		dm_fsid_t;
typedef __u64		dm_ino_t;
typedef __u32		dm_igen_t;	/* inode generation */
typedef __s64		dm_off_t;	/* bytes */
typedef unsigned int	dm_sequence_t;	/* order of generation, may wrap */
typedef int		dm_sessid_t;	/* > 0, or DM_NO_SESSION */
typedef __u64		dm_size_t;	/* bytes */
typedef __s64		dm_ssize_t;	/* bytes, or -1 */
typedef int		dm_token_t;	/* > 0, or one of the two below */

typedef __s64		dm_dev_t;
typedef int		dm_mode_t;
typedef int		dm_nlink_t;

/* --- Constants --------------------------------------------------------- */

#define DM_NO_SESSION		0
#define DM_TRUE			1
#define DM_FALSE		0
#define DM_INVALID_TOKEN	0	/* of an event nobody waits for */
#define DM_NO_TOKEN		(-1)
#define DM_INVALID_HANP		NULL
#define DM_INVALID_HLEN		0
#define DM_GLOBAL_HANP		((void *)(1LL))	/* never dereferenced */
#define DM_GLOBAL_HLEN		((size_t)(1))

#define DM_VER_STR_CONTENTS	"SGI DMAPI (XDSM) API, Release 1.1."

#define DM_SESSION_INFO_LEN	256	/* bytes, NUL included */
#define DM_ATTR_NAME_SIZE	8	/* bytes, all of them significant */
#define DM_MAX_HANDLE_SIZE	56	/* bytes, no handle is longer */
#define MAXDMFSFIDSZ		46	/* bytes, no dm_fid is longer */

#define DM_EV_WAIT		0x1	/* dm_get_events(): wait for one */
#define DM_RR_WAIT		0x1	/* dm_request_right(): wait for it */
#define DM_WRITE_SYNC		0x1	/* dm_write_invis(): be durable */
#define DM_MOUNT_RDONLY		0x1	/* me_mode */
#define DM_UNMOUNT_FORCE	0x1	/* ne_mode of PREUNMOUNT, UNMOUNT */

/* rg_flags: which data events a managed region raises */
#define DM_REGION_NOEVENT	0x0
#define DM_REGION_READ		0x1
#define DM_REGION_WRITE		0x2
#define DM_REGION_TRUNCATE	0x4

/* mask of dm_{get,set}_fileattr(), dm_get_dirattrs() and dm_get_bulk*() */
#define DM_AT_MODE		0x0001
#define DM_AT_UID		0x0002
#define DM_AT_GID		0x0004
#define DM_AT_ATIME		0x0008
#define DM_AT_MTIME		0x0010
#define DM_AT_CTIME		0x0020
#define DM_AT_SIZE		0x0040
#define DM_AT_DTIME		0x0080
#define DM_AT_HANDLE		0x0100
#define DM_AT_EMASK		0x0200
#define DM_AT_PMANR		0x0400
#define DM_AT_PATTR		0x0800
#define DM_AT_STAT		0x1000
#define DM_AT_CFLAG		0x2000

/* dt_xfs_xflags */
#define DM_XFLAG_REALTIME	0x00000001
#define DM_XFLAG_PREALLOC	0x00000002
#define DM_XFLAG_IMMUTABLE	0x00000008
#define DM_XFLAG_APPEND		0x00000010
#define DM_XFLAG_SYNC		0x00000020
#define DM_XFLAG_NOATIME	0x00000040
#define DM_XFLAG_NODUMP		0x00000080
#define DM_XFLAG_HASATTR	0x80000000

/* --- Enumerations ------------------------------------------------------ */

/* What dm_get_config() is asked; the answers are booleans but for MAX_, TOTAL_ */
typedef enum {
	DM_CONFIG_INVALID		= 0,
	DM_CONFIG_BULKALL		= 1,
	DM_CONFIG_CREATE_BY_HANDLE	= 2,
	DM_CONFIG_DTIME_OVERLOAD	= 3,
	DM_CONFIG_LEGACY		= 4,
	DM_CONFIG_LOCK_UPGRADE		= 5,
	DM_CONFIG_MAX_ATTR_ON_DESTROY	= 6,	/* bytes */
	DM_CONFIG_MAX_ATTRIBUTE_SIZE	= 7,	/* bytes */
	DM_CONFIG_MAX_HANDLE_SIZE	= 8,	/* bytes */
	DM_CONFIG_MAX_MANAGED_REGIONS	= 9,	/* of a file */
	DM_CONFIG_MAX_MESSAGE_DATA	= 10,	/* bytes */
	DM_CONFIG_OBJ_REF		= 11,
	DM_CONFIG_PENDING		= 12,
	DM_CONFIG_PERS_ATTRIBUTES	= 13,
	DM_CONFIG_PERS_EVENTS		= 14,
	DM_CONFIG_PERS_INHERIT_ATTRIBS	= 15,
	DM_CONFIG_PERS_MANAGED_REGIONS	= 16,
	DM_CONFIG_PUNCH_HOLE		= 17,
	DM_CONFIG_TOTAL_ATTRIBUTE_SPACE	= 18,	/* bytes of an object */
	DM_CONFIG_WILL_RETRY		= 19
} dm_config_t;

#ifndef HAVE_DM_EVENTTYPE_T
#define HAVE_DM_EVENTTYPE_T
typedef enum {
	DM_EVENT_INVALID	= -1,
	DM_EVENT_CANCEL		= 0,
	DM_EVENT_MOUNT		= 1,
	DM_EVENT_PREUNMOUNT	= 2,
	DM_EVENT_UNMOUNT	= 3,
	DM_EVENT_DEBUT		= 4,
	DM_EVENT_CREATE		= 5,
	DM_EVENT_CLOSE		= 6,
	DM_EVENT_POSTCREATE	= 7,
	DM_EVENT_REMOVE		= 8,
	DM_EVENT_POSTREMOVE	= 9,
	DM_EVENT_RENAME		= 10,
	DM_EVENT_POSTRENAME	= 11,
	DM_EVENT_LINK		= 12,
	DM_EVENT_POSTLINK	= 13,
	DM_EVENT_SYMLINK	= 14,
	DM_EVENT_POSTSYMLINK	= 15,
	DM_EVENT_READ		= 16,
	DM_EVENT_WRITE		= 17,
	DM_EVENT_TRUNCATE	= 18,
	DM_EVENT_ATTRIBUTE	= 19,
	DM_EVENT_DESTROY	= 20,
	DM_EVENT_NOSPACE	= 21,
	DM_EVENT_USER		= 22,
	DM_EVENT_MAX		= 23	/* how many there are */
} dm_eventtype_t;
#endif

typedef enum {
	DM_EXTENT_INVALID	= 0,
	DM_EXTENT_RES		= 1,	/* resident: has blocks */
	DM_EXTENT_HOLE		= 2
} dm_extenttype_t;

typedef enum {
	DM_MSGTYPE_INVALID	= 0,
	DM_MSGTYPE_SYNC		= 1,	/* the sender waits for the response */
	DM_MSGTYPE_ASYNC	= 2
} dm_msgtype_t;

typedef enum {
	DM_RESP_INVALID		= 0,
	DM_RESP_CONTINUE	= 1,	/* reterror must be 0 */
	DM_RESP_ABORT		= 2,	/* reterror must be > 0 */
	DM_RESP_DONTCARE	= 3	/* MOUNT only */
} dm_response_t;

#ifndef HAVE_DM_RIGHT_T
#define HAVE_DM_RIGHT_T
typedef enum {
	DM_RIGHT_NULL		= 0,
	DM_RIGHT_SHARED		= 1,
	DM_RIGHT_EXCL		= 2
} dm_right_t;
#endif

/* --- Structures -------------------------------------------------------- */

/*
 * Data of variable length that follows a structure.  The offset counts from
 * the start of the structure that the member is in; nothing is 0, 0.
 */
typedef struct {
	int		vd_offset;	/* bytes */
	unsigned int	vd_length;	/* bytes */
} dm_vardata_t;

/* Eight bytes, of which none is special; the first must not be 0. */
struct dm_attrname {
	unsigned char	an_chars[DM_ATTR_NAME_SIZE];
};
typedef struct dm_attrname dm_attrname_t;

struct dm_attrlist {
	int		_link;		/* bytes to the next one, 0: last */
	dm_attrname_t	al_name;
	dm_vardata_t	al_data;	/* the value */
};
typedef struct dm_attrlist dm_attrlist_t;

struct dm_dispinfo {
	int		_link;		/* bytes to the next one, 0: last */
	unsigned int	di_pad1;
	dm_vardata_t	di_fshandle;
	dm_eventset_t	di_eventset;
};
typedef struct dm_dispinfo dm_dispinfo_t;

/* What dm_get_events() and dm_find_eventmsg() deliver */
struct dm_eventmsg {
	int		_link;		/* bytes to the next one, 0: last */
	dm_eventtype_t	ev_type;
	dm_token_t	ev_token;	/* 0: nobody waits */
	dm_sequence_t	ev_sequence;
	dm_vardata_t	ev_data;	/* one of the dm_*_event below */
};
typedef struct dm_eventmsg dm_eventmsg_t;

/* CANCEL: nobody waits any more for the answer to another message */
struct dm_cancel_event {
	dm_sequence_t	ce_sequence;	/* of that message */
	dm_token_t	ce_token;	/* of that message */
};
typedef struct dm_cancel_event dm_cancel_event_t;

/* READ, WRITE, TRUNCATE */
struct dm_data_event {
	dm_vardata_t	de_handle;	/* the file */
	dm_off_t	de_offset;	/* TRUNCATE: the new size */
	dm_size_t	de_length;	/* READ: 0 is to the end */
};
typedef struct dm_data_event dm_data_event_t;

/* DESTROY */
struct dm_destroy_event {
	dm_vardata_t	ds_handle;	/* already stale */
	dm_attrname_t	ds_attrname;
	dm_vardata_t	ds_attrcopy;	/* dm_set_return_on_destroy() */
};
typedef struct dm_destroy_event dm_destroy_event_t;

/* MOUNT, and dm_get_mountinfo() */
struct dm_mount_event {
	dm_mode_t	me_mode;	/* DM_MOUNT_RDONLY or 0 */
	dm_vardata_t	me_handle1;	/* file system */
	dm_vardata_t	me_handle2;	/* directory that is mounted on */
	dm_vardata_t	me_name1;	/* path of the mount point, with NUL */
	dm_vardata_t	me_name2;	/* source, with NUL */
	dm_vardata_t	me_roothandle;	/* root directory */
};
typedef struct dm_mount_event dm_mount_event_t;

/* Every other event; names hold their NUL */
struct dm_namesp_event {
	dm_mode_t	ne_mode;	/* mode of the object */
	dm_vardata_t	ne_handle1;	/* object, parent or file system */
	dm_vardata_t	ne_handle2;
	dm_vardata_t	ne_name1;
	dm_vardata_t	ne_name2;
	int		ne_retcode;	/* 0 or an errno, POST* and UNMOUNT */
};
typedef struct dm_namesp_event dm_namesp_event_t;

struct dm_extent {
	dm_extenttype_t	ex_type;
	unsigned int	ex_pad1;
	dm_off_t	ex_offset;	/* bytes */
	dm_size_t	ex_length;	/* bytes */
};
typedef struct dm_extent dm_extent_t;

struct dm_fileattr {
	dm_mode_t	fa_mode;
	uid_t		fa_uid;
	gid_t		fa_gid;
	time_t		fa_atime;	/* seconds */
	time_t		fa_mtime;	/* seconds */
	time_t		fa_ctime;	/* seconds */
	time_t		fa_dtime;	/* seconds */
	unsigned int	fa_pad1;
	dm_off_t	fa_size;	/* bytes */
};
typedef struct dm_fileattr dm_fileattr_t;

struct dm_inherit {
	dm_attrname_t	ih_name;
	dm_mode_t	ih_filetype;	/* S_IFMT bits */
};
typedef struct dm_inherit dm_inherit_t;

struct dm_region {
	dm_off_t	rg_offset;	/* bytes */
	dm_size_t	rg_size;	/* bytes, 0: without end */
	unsigned int	rg_flags;	/* DM_REGION_* */
	unsigned int	rg_pad1;	/* 0 */
};
typedef struct dm_region dm_region_t;

struct dm_timestruct {
	time_t		dm_tv_sec;
	int		dm_tv_nsec;	/* 0 to 999999999 */
};
typedef struct dm_timestruct dm_timestruct_t;

/* What an XFS inode has besides */
struct dm_xfs_stat {
	__u32		igen;		/* generation */
	unsigned int	xflags;		/* DM_XFLAG_* */
	unsigned int	extsize;	/* bytes, extent size hint */
	unsigned int	extents;	/* of data */
	unsigned short	aextents;	/* of attributes */
	unsigned short	dmstate;
};

struct dm_stat {
	int		_link;		/* bytes to the next one, 0: last */
	dm_vardata_t	dt_handle;	/* with DM_AT_HANDLE */
	dm_vardata_t	dt_compname;	/* dm_get_dirattrs(), with NUL */
	int		dt_nevents;	/* bits of dt_emask that mean something */
	dm_eventset_t	dt_emask;	/* event list and region flags */
	int		dt_pers;	/* has DM attributes */
	int		dt_pmanreg;	/* has managed regions */
	time_t		dt_dtime;	/* change of DM attributes, seconds */
	unsigned int	dt_change;	/* differs after a change, no order */
	unsigned int	dt_pad1;
	dm_dev_t	dt_dev;
	dm_ino_t	dt_ino;
	dm_mode_t	dt_mode;
	dm_nlink_t	dt_nlink;
	uid_t		dt_uid;
	gid_t		dt_gid;
	dm_dev_t	dt_rdev;
	unsigned int	dt_pad2;
	dm_off_t	dt_size;	/* bytes */
	time_t		dt_atime;	/* seconds */
	time_t		dt_mtime;	/* seconds */
	time_t		dt_ctime;	/* seconds */
	unsigned int	dt_blksize;	/* bytes */
	dm_size_t	dt_blocks;	/* of 512 bytes */
	__u64		dt_pad3;
	int		dt_fstype;
	union {
		struct dm_xfs_stat sgi_xfs;
	} fsys_dep;
};
typedef struct dm_stat dm_stat_t;

#define dt_xfs_igen		fsys_dep.sgi_xfs.igen
#define dt_xfs_xflags		fsys_dep.sgi_xfs.xflags
#define dt_xfs_extsize		fsys_dep.sgi_xfs.extsize
#define dt_xfs_extents		fsys_dep.sgi_xfs.extents
#define dt_xfs_aextents		fsys_dep.sgi_xfs.aextents
#define dt_xfs_dmstate		fsys_dep.sgi_xfs.dmstate

struct dm_xstat {
	dm_stat_t	dx_statinfo;
	dm_vardata_t	dx_attrdata;	/* from the start of the dm_xstat */
};
typedef struct dm_xstat dm_xstat_t;

struct dm_dioinfo {
	unsigned int	d_mem;		/* bytes, alignment of memory */
	unsigned int	d_miniosz;	/* bytes */
	unsigned int	d_maxiosz;	/* bytes */
	dm_boolean_t	d_dio_only;
};
typedef struct dm_dioinfo dm_dioinfo_t;

/* --- Handles: opaque to everybody but the library ---------------------- */

struct dm_fid {
	__u16		dm_fid_len;	/* bytes that follow dm_fid_pad's start */
	__u16		dm_fid_pad;	/* 0 */
	__u32		dm_fid_gen;
	__u64		dm_fid_ino;
};
typedef struct dm_fid dm_fid_t;

struct dm_handle {
	union {
		__s64		align;
		dm_fsid_t	_ha_fsid;
	} ha_u;
	dm_fid_t	ha_fid;		/* a file system's handle has none */
};
typedef struct dm_handle dm_handle_t;

#define ha_fsid			ha_u._ha_fsid

#define DM_FSHSIZE		sizeof(dm_fsid_t)
#define DM_HSIZE(handle) \
	(((char *)&(handle).ha_fid.dm_fid_pad - (char *)&(handle)) + \
	 (handle).ha_fid.dm_fid_len)
#define DM_HANDLE_CMP(h1, h2)	memcmp(h1, h2, sizeof(dm_handle_t))

/* --- Macros ------------------------------------------------------------ */

#define DMEV_ZERO(set)		((set) = 0)
#define DMEV_SET(ev, set)	((set) |= (dm_eventset_t)1 << (ev))
#define DMEV_CLR(ev, set)	((set) &= ~((dm_eventset_t)1 << (ev)))
#define DMEV_ISSET(ev, set)	(((set) & (dm_eventset_t)1 << (ev)) != 0)

/* Not NULL even if the field is empty: look at DM_GET_LEN() first. */
#define DM_GET_VALUE(p, field, type) \
	((type)(void *)((char *)(p) + (p)->field.vd_offset))
#define DM_GET_LEN(p, field)	((p)->field.vd_length)

/* The next one of a linked list, or NULL */
#define DM_STEP_TO_NEXT(p, type) \
	((type)(void *)((p)->_link ? (char *)(p) + (p)->_link : NULL))

/* --- Sessions ---------------------------------------------------------- */

int	dm_init_service(char **versionstrpp);
int	dm_create_session(dm_sessid_t oldsid, char *sessinfop,
		dm_sessid_t *newsidp);
int	dm_destroy_session(dm_sessid_t sid);
int	dm_getall_sessions(unsigned int nelem, dm_sessid_t *sidbufp,
		unsigned int *nelemp);
int	dm_query_session(dm_sessid_t sid, size_t buflen, void *bufp,
		size_t *rlenp);

/* --- Events and messages ----------------------------------------------- */

int	dm_get_events(dm_sessid_t sid, unsigned int maxmsgs,
		unsigned int flags, size_t buflen, void *bufp, size_t *rlenp);
int	dm_respond_event(dm_sessid_t sid, dm_token_t token,
		dm_response_t response, int reterror, size_t buflen,
		void *respbufp);
int	dm_pending(dm_sessid_t sid, dm_token_t token, dm_timestruct_t *delay);
int	dm_move_event(dm_sessid_t srcsid, dm_token_t token,
		dm_sessid_t targetsid, dm_token_t *rtokenp);
int	dm_find_eventmsg(dm_sessid_t sid, dm_token_t token, size_t buflen,
		void *bufp, size_t *rlenp);
int	dm_create_userevent(dm_sessid_t sid, size_t msglen, void *msgdatap,
		dm_token_t *tokenp);
int	dm_send_msg(dm_sessid_t targetsid, dm_msgtype_t msgtype,
		size_t buflen, void *bufp);
int	dm_getall_tokens(dm_sessid_t sid, unsigned int nelem,
		dm_token_t *tokenbufp, unsigned int *nelemp);

/* --- Dispositions and event lists; maxevent counts bits ----------------- */

int	dm_set_disp(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_eventset_t *eventsetp,
		unsigned int maxevent);
int	dm_getall_disp(dm_sessid_t sid, size_t buflen, void *bufp,
		size_t *rlenp);
int	dm_set_eventlist(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_eventset_t *eventsetp,
		unsigned int maxevent);
int	dm_get_eventlist(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int nelem,
		dm_eventset_t *eventsetp, unsigned int *nelemp);
int	dm_set_return_on_destroy(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_attrname_t *attrnamep,
		dm_boolean_t enable);

/* --- Handles; what these return is freed by dm_handle_free() ------------ */

int	dm_path_to_handle(char *path, void **hanpp, size_t *hlenp);
int	dm_path_to_fshandle(char *path, void **hanpp, size_t *hlenp);
int	dm_fd_to_handle(int fd, void **hanpp, size_t *hlenp);
int	dm_handle_to_fshandle(void *hanp, size_t hlen, void **fshanpp,
		size_t *fshlenp);
int	dm_handle_to_fsid(void *hanp, size_t hlen, dm_fsid_t *fsidp);
int	dm_handle_to_ino(void *hanp, size_t hlen, dm_ino_t *inop);
int	dm_handle_to_igen(void *hanp, size_t hlen, dm_igen_t *igenp);
int	dm_make_handle(dm_fsid_t *fsidp, dm_ino_t *inop, dm_igen_t *igenp,
		void **hanpp, size_t *hlenp);
int	dm_make_fshandle(dm_fsid_t *fsidp, void **hanpp, size_t *hlenp);
int	dm_handle_cmp(void *hanp1, size_t hlen1, void *hanp2, size_t hlen2);
void	dm_handle_free(void *hanp, size_t hlen);
unsigned int dm_handle_hash(void *hanp, size_t hlen);
dm_boolean_t dm_handle_is_valid(void *hanp, size_t hlen);
int	dm_handle_to_path(void *dirhanp, size_t dirhlen, void *targhanp,
		size_t targhlen, size_t buflen, char *pathbufp,
		size_t *rlenp);
int	dm_open_by_handle(void *hanp, size_t hlen, int mode);

/* --- Rights and object references -------------------------------------- */

int	dm_request_right(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int flags, dm_right_t right);
int	dm_release_right(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token);
int	dm_query_right(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_right_t *rightp);
int	dm_upgrade_right(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token);
int	dm_downgrade_right(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token);
int	dm_obj_ref_hold(dm_sessid_t sid, dm_token_t token, void *hanp,
		size_t hlen);
int	dm_obj_ref_rele(dm_sessid_t sid, dm_token_t token, void *hanp,
		size_t hlen);
/* 1 held, 0 not held */
int	dm_obj_ref_query(dm_sessid_t sid, dm_token_t token, void *hanp,
		size_t hlen);

/* --- Managed regions --------------------------------------------------- */

int	dm_set_region(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int nelem, dm_region_t *regbufp,
		dm_boolean_t *exactflagp);
int	dm_get_region(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int nelem, dm_region_t *regbufp,
		unsigned int *nelemp);

/* --- Data -------------------------------------------------------------- */

/* The next two return bytes transferred. */
dm_ssize_t dm_read_invis(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_off_t off, dm_size_t len, void *bufp);
dm_ssize_t dm_write_invis(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, int flags, dm_off_t off, dm_size_t len,
		void *bufp);
int	dm_sync_by_handle(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token);
/* 1 there is more from *offp on, 0 that was all */
int	dm_get_allocinfo(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_off_t *offp, unsigned int nelem,
		dm_extent_t *extentp, unsigned int *nelemp);
int	dm_probe_hole(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_off_t off, dm_size_t len,
		dm_off_t *roffp, dm_size_t *rlenp);
int	dm_punch_hole(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_off_t off, dm_size_t len);
int	dm_get_dioinfo(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_dioinfo_t *diop);

/* --- File attributes and DM attributes --------------------------------- */

int	dm_get_fileattr(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int mask, dm_stat_t *statp);
int	dm_set_fileattr(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int mask, dm_fileattr_t *attrp);
int	dm_set_dmattr(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_attrname_t *attrnamep, int setdtime,
		size_t buflen, void *bufp);
int	dm_get_dmattr(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_attrname_t *attrnamep, size_t buflen,
		void *bufp, size_t *rlenp);
int	dm_getall_dmattr(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, size_t buflen, void *bufp, size_t *rlenp);
int	dm_remove_dmattr(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, int setdtime, dm_attrname_t *attrnamep);
int	dm_set_inherit(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_attrname_t *attrnamep, mode_t mode);
int	dm_clear_inherit(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_attrname_t *attrnamep);
int	dm_getall_inherit(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int nelem,
		dm_inherit_t *inheritbufp, unsigned int *nelemp);

/* --- Bulk retrieval: 1 there is more, 0 that was all --------------------- */

int	dm_init_attrloc(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_attrloc_t *locp);
int	dm_get_bulkattr(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int mask, dm_attrloc_t *locp,
		size_t buflen, void *bufp, size_t *rlenp);
int	dm_get_bulkall(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int mask, dm_attrname_t *attrnamep,
		dm_attrloc_t *locp, size_t buflen, void *bufp, size_t *rlenp);
int	dm_get_dirattrs(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int mask, dm_attrloc_t *locp,
		size_t buflen, void *bufp, size_t *rlenp);

/* --- Names by handle --------------------------------------------------- */

int	dm_create_by_handle(dm_sessid_t sid, void *dirhanp, size_t dirhlen,
		dm_token_t token, void *hanp, size_t hlen, char *cname);
int	dm_mkdir_by_handle(dm_sessid_t sid, void *dirhanp, size_t dirhlen,
		dm_token_t token, void *hanp, size_t hlen, char *cname);
int	dm_symlink_by_handle(dm_sessid_t sid, void *dirhanp, size_t dirhlen,
		dm_token_t token, void *hanp, size_t hlen, char *cname,
		char *path);

/* --- Mounts and configuration ------------------------------------------ */

int	dm_get_mountinfo(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, size_t buflen, void *bufp, size_t *rlenp);
int	dm_get_config(void *hanp, size_t hlen, dm_config_t flagname,
		dm_size_t *retvalp);
int	dm_get_config_events(void *hanp, size_t hlen, unsigned int nelem,
		dm_eventset_t *eventsetp, unsigned int *nelemp);

#ifdef __cplusplus
}
#endif

#endif /* _DMAPI_H */
