/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A function for each operation of dmapi()
 *
 * They return what the system call returns, or a negated errno.
 */
#ifndef DMAPI_TEST_WRAPPERS_H
#define DMAPI_TEST_WRAPPERS_H

#include <linux/dmapi.h>

#define DM_PTR(p)	((__u64)(uintptr_t)(p))

#ifdef NOLIBC
/* A program without a C library (compat_work.c), which hears of each call */
static long dmapi_nr_given;
static void dmapi_called(unsigned int op);

static inline long sys_dmapi(unsigned int op, const void *arg, size_t size,
			     unsigned int flags)
{
	long ret;

	dmapi_called(op);
	ret = syscall(dmapi_nr_given, op, arg, size, flags);
	return ret < 0 ? -errno : ret;
}
#else
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The number of the system call: from sysfs, or the usual one. */
static inline long dmapi_nr(void)
{
	static long nr;
	FILE *f;

	if (nr)
		return nr;
	f = fopen("/sys/kernel/dmapi/syscall_nr", "r");
	if (!f || fscanf(f, "%ld", &nr) != 1)
		nr = 500;
	if (f)
		fclose(f);
	return nr;
}

static inline long sys_dmapi(unsigned int op, const void *arg, size_t size,
			     unsigned int flags)
{
	long ret = syscall(dmapi_nr(), op, arg, size, flags);

	return ret < 0 ? -errno : ret;
}
#endif /* NOLIBC */

#define DM_CALL(op, arg)	sys_dmapi(op, &(arg), sizeof(arg), 0)

static inline long dmapi_get_version(void)
{
	return sys_dmapi(DMAPI_GET_VERSION, NULL, 0, 0);
}

/* Sessions */

static inline long dmapi_create_session(__s32 oldsid, const char *info,
					__s32 *newsid)
{
	struct dmapi_create_session a = {
		.oldsid = oldsid, .info = DM_PTR(info),
		.newsidp = DM_PTR(newsid),
	};

	return DM_CALL(DMAPI_CREATE_SESSION, a);
}

static inline long dmapi_destroy_session(__s32 sid)
{
	struct dmapi_session a = { .sid = sid };

	return DM_CALL(DMAPI_DESTROY_SESSION, a);
}

static inline long dmapi_session_fd(__s32 sid)
{
	struct dmapi_session a = { .sid = sid };

	return DM_CALL(DMAPI_SESSION_FD, a);
}

static inline long dmapi_open_session(__s32 sid, __u32 flags, __u32 nfs,
				      const void *fsp)
{
	struct dmapi_session_fd a = {
		.sid = sid, .flags = flags, .nfs = nfs, .fsp = DM_PTR(fsp),
	};

	return DM_CALL(DMAPI_SESSION_FD, a);
}

static inline long dmapi_get_session_state(__s32 sid, __u64 buflen, void *buf,
					   __u64 *rlen)
{
	struct dmapi_getall a = {
		.sid = sid, .buflen = buflen, .bufp = DM_PTR(buf),
		.rlenp = DM_PTR(rlen),
	};

	return DM_CALL(DMAPI_GET_SESSION_STATE, a);
}

static inline long dmapi_getall_sessions(__u32 nelem, __s32 *buf, __u32 *nelemp)
{
	struct dmapi_getall_ids a = {
		.nelem = nelem, .bufp = DM_PTR(buf), .nelemp = DM_PTR(nelemp),
	};

	return DM_CALL(DMAPI_GETALL_SESSIONS, a);
}

static inline long dmapi_query_session(__s32 sid, __u64 buflen, void *buf,
				       __u64 *rlen)
{
	struct dmapi_getall a = {
		.sid = sid, .buflen = buflen, .bufp = DM_PTR(buf),
		.rlenp = DM_PTR(rlen),
	};

	return DM_CALL(DMAPI_QUERY_SESSION, a);
}

/* Events */

static inline long dmapi_get_events(__s32 sid, __u32 maxmsgs, __u32 flags,
				    __u64 buflen, void *buf, __u64 *rlen)
{
	struct dmapi_get_events a = {
		.sid = sid, .maxmsgs = maxmsgs, .flags = flags,
		.buflen = buflen, .bufp = DM_PTR(buf), .rlenp = DM_PTR(rlen),
	};

	return DM_CALL(DMAPI_GET_EVENTS, a);
}

static inline long dmapi_respond_event(__s32 sid, __s32 token, __u32 response,
				       __s32 reterror, __u64 buflen,
				       const void *buf)
{
	struct dmapi_respond_event a = {
		.sid = sid, .token = token, .response = response,
		.reterror = reterror, .buflen = buflen, .respbufp = DM_PTR(buf),
	};

	return DM_CALL(DMAPI_RESPOND_EVENT, a);
}

static inline long dmapi_get_mountinfo(const struct dmapi_object *obj,
				       __u64 buflen, void *buf, __u64 *rlen)
{
	struct dmapi_get_mountinfo a = {
		.obj = *obj, .buflen = buflen, .bufp = DM_PTR(buf),
		.rlenp = DM_PTR(rlen),
	};

	return DM_CALL(DMAPI_GET_MOUNTINFO, a);
}

static inline long dmapi_respond_events(__s32 sid, __u32 nelem,
					struct dmapi_response *buf, __u32 *nelemp)
{
	struct dmapi_respond_events a = {
		.sid = sid, .nelem = nelem, .bufp = DM_PTR(buf),
		.nelemp = DM_PTR(nelemp),
	};

	return DM_CALL(DMAPI_RESPOND_EVENTS, a);
}

static inline long dmapi_pending(__s32 sid, __s32 token, __s64 sec,
				 __u32 nsec)
{
	struct dmapi_pending a = {
		.sid = sid, .token = token, .sec = sec, .nsec = nsec,
	};

	return DM_CALL(DMAPI_PENDING, a);
}

static inline long dmapi_find_eventmsg(__s32 sid, __s32 token, __u64 buflen,
				       void *buf, __u64 *rlen)
{
	struct dmapi_find_eventmsg a = {
		.sid = sid, .token = token, .buflen = buflen,
		.bufp = DM_PTR(buf), .rlenp = DM_PTR(rlen),
	};

	return DM_CALL(DMAPI_FIND_EVENTMSG, a);
}

static inline long dmapi_getall_tokens(__s32 sid, __u32 nelem, __s32 *buf,
				       __u32 *nelemp)
{
	struct dmapi_getall_ids a = {
		.sid = sid, .nelem = nelem, .bufp = DM_PTR(buf),
		.nelemp = DM_PTR(nelemp),
	};

	return DM_CALL(DMAPI_GETALL_TOKENS, a);
}

static inline long dmapi_create_userevent(__s32 sid, __u64 len,
					  const void *data, __s32 *token)
{
	struct dmapi_create_userevent a = {
		.sid = sid, .msglen = len, .msgdatap = DM_PTR(data),
		.tokenp = DM_PTR(token),
	};

	return DM_CALL(DMAPI_CREATE_USEREVENT, a);
}

static inline long dmapi_send_msg(__s32 sid, __u32 msgtype, __u64 len,
				  const void *data)
{
	struct dmapi_send_msg a = {
		.sid = sid, .msgtype = msgtype, .buflen = len,
		.bufp = DM_PTR(data),
	};

	return DM_CALL(DMAPI_SEND_MSG, a);
}

static inline long dmapi_move_event(__s32 sid, __s32 token, __s32 targetsid,
				    __s32 *rtoken)
{
	struct dmapi_move_event a = {
		.sid = sid, .token = token, .targetsid = targetsid,
		.rtokenp = DM_PTR(rtoken),
	};

	return DM_CALL(DMAPI_MOVE_EVENT, a);
}

static inline long dmapi_request_right(const struct dmapi_object *obj,
				       __u32 flags, __u32 right)
{
	struct dmapi_request_right a = {
		.obj = *obj, .flags = flags, .right = right,
	};

	return DM_CALL(DMAPI_REQUEST_RIGHT, a);
}

static inline long dmapi_query_right(const struct dmapi_object *obj, __u32 *right)
{
	struct dmapi_query_right a = { .obj = *obj, .rightp = DM_PTR(right) };

	return DM_CALL(DMAPI_QUERY_RIGHT, a);
}

static inline long dmapi_release_right(const struct dmapi_object *obj)
{
	return DM_CALL(DMAPI_RELEASE_RIGHT, *obj);
}

static inline long dmapi_upgrade_right(const struct dmapi_object *obj)
{
	return DM_CALL(DMAPI_UPGRADE_RIGHT, *obj);
}

static inline long dmapi_downgrade_right(const struct dmapi_object *obj)
{
	return DM_CALL(DMAPI_DOWNGRADE_RIGHT, *obj);
}

static inline long dmapi_obj_ref_hold(const struct dmapi_object *obj)
{
	return DM_CALL(DMAPI_OBJ_REF_HOLD, *obj);
}

static inline long dmapi_obj_ref_rele(const struct dmapi_object *obj)
{
	return DM_CALL(DMAPI_OBJ_REF_RELE, *obj);
}

static inline long dmapi_obj_ref_query(const struct dmapi_object *obj)
{
	return DM_CALL(DMAPI_OBJ_REF_QUERY, *obj);
}

static inline long dmapi_set_disp(const struct dmapi_object *obj,
				  const __u64 *set, __u32 maxevent)
{
	struct dmapi_set_disp a = {
		.obj = *obj, .eventsetp = DM_PTR(set), .maxevent = maxevent,
	};

	return DM_CALL(DMAPI_SET_DISP, a);
}

static inline long dmapi_set_eventlist(const struct dmapi_object *obj,
				       const __u64 *set, __u32 maxevent)
{
	struct dmapi_set_disp a = {
		.obj = *obj, .eventsetp = DM_PTR(set), .maxevent = maxevent,
	};

	return DM_CALL(DMAPI_SET_EVENTLIST, a);
}

static inline long dmapi_get_eventlist(const struct dmapi_object *obj,
				       __u32 nelem, __u64 *set, __u32 *nelemp)
{
	struct dmapi_get_eventlist a = {
		.obj = *obj, .nelem = nelem, .eventsetp = DM_PTR(set),
		.nelemp = DM_PTR(nelemp),
	};

	return DM_CALL(DMAPI_GET_EVENTLIST, a);
}

static inline long dmapi_set_born(const struct dmapi_object *obj, __u64 events,
				  __u32 regions)
{
	struct dmapi_set_born a = {
		.obj = *obj, .events = events, .regions = regions,
	};

	return DM_CALL(DMAPI_SET_BORN, a);
}

static inline long dmapi_get_born(const struct dmapi_object *obj, __u64 *events,
				  __u32 *regions)
{
	struct dmapi_get_born a = {
		.obj = *obj, .eventsp = DM_PTR(events),
		.regionsp = DM_PTR(regions),
	};

	return DM_CALL(DMAPI_GET_BORN, a);
}

static inline long dmapi_set_return_on_destroy(const struct dmapi_object *obj,
					       const void *name, __u32 enable)
{
	struct dmapi_set_return_on_destroy a = {
		.obj = *obj, .namep = DM_PTR(name), .enable = enable,
	};

	return DM_CALL(DMAPI_SET_RETURN_ON_DESTROY, a);
}

static inline long dmapi_getall_disp(__s32 sid, __u64 buflen, void *buf,
				     __u64 *rlen)
{
	struct dmapi_getall a = {
		.sid = sid, .buflen = buflen, .bufp = DM_PTR(buf),
		.rlenp = DM_PTR(rlen),
	};

	return DM_CALL(DMAPI_GETALL_DISP, a);
}

/* Configuration; @obj without session and token */

static inline long dmapi_get_config(const struct dmapi_object *obj,
				    __u32 flagname, __u64 *value)
{
	struct dmapi_get_config a = {
		.obj = *obj, .flagname = flagname, .retvalp = DM_PTR(value),
	};

	return DM_CALL(DMAPI_GET_CONFIG, a);
}

static inline long dmapi_get_config_events(const struct dmapi_object *obj,
					   __u32 nelem, __u64 *set,
					   __u32 *nelemp)
{
	struct dmapi_get_config_events a = {
		.obj = *obj, .nelem = nelem, .eventsetp = DM_PTR(set),
		.nelemp = DM_PTR(nelemp),
	};

	return DM_CALL(DMAPI_GET_CONFIG_EVENTS, a);
}

/* Handles */

static inline long dmapi_path_to_handle(const char *path, void *han, __u64 *hlen)
{
	struct dmapi_path_to_handle a = {
		.path = DM_PTR(path), .hanp = DM_PTR(han),
		.hlenp = DM_PTR(hlen),
	};

	return DM_CALL(DMAPI_PATH_TO_HANDLE, a);
}

static inline long dmapi_path_to_fshandle(const char *path, void *han,
					  __u64 *hlen)
{
	struct dmapi_path_to_handle a = {
		.path = DM_PTR(path), .hanp = DM_PTR(han),
		.hlenp = DM_PTR(hlen),
	};

	return DM_CALL(DMAPI_PATH_TO_FSHANDLE, a);
}

static inline long dmapi_fd_to_handle(int fd, void *han, __u64 *hlen)
{
	struct dmapi_fd_to_handle a = {
		.fd = fd, .hanp = DM_PTR(han), .hlenp = DM_PTR(hlen),
	};

	return DM_CALL(DMAPI_FD_TO_HANDLE, a);
}

/* Regions */

static inline long dmapi_set_region(const struct dmapi_object *obj, __u32 nelem,
				    const struct dmapi_region *buf,
				    __u32 *exact)
{
	struct dmapi_set_region a = {
		.obj = *obj, .nelem = nelem, .regbufp = DM_PTR(buf),
		.exactp = DM_PTR(exact),
	};

	return DM_CALL(DMAPI_SET_REGION, a);
}

static inline long dmapi_get_region(const struct dmapi_object *obj, __u32 nelem,
				    struct dmapi_region *buf, __u32 *nelemp)
{
	struct dmapi_get_region a = {
		.obj = *obj, .nelem = nelem, .regbufp = DM_PTR(buf),
		.nelemp = DM_PTR(nelemp),
	};

	return DM_CALL(DMAPI_GET_REGION, a);
}

static inline long dmapi_set_resident(const struct dmapi_object *obj, __s64 off,
				      __u64 len)
{
	struct dmapi_range a = { .obj = *obj, .off = off, .len = len };

	return DM_CALL(DMAPI_SET_RESIDENT, a);
}

static inline long dmapi_set_inherit(const struct dmapi_object *obj,
				     const void *name, __u32 mode)
{
	struct dmapi_set_inherit a = {
		.obj = *obj, .namep = DM_PTR(name), .mode = mode,
	};

	return DM_CALL(DMAPI_SET_INHERIT, a);
}

static inline long dmapi_clear_inherit(const struct dmapi_object *obj,
				       const void *name)
{
	struct dmapi_set_inherit a = { .obj = *obj, .namep = DM_PTR(name) };

	return DM_CALL(DMAPI_CLEAR_INHERIT, a);
}

static inline long dmapi_getall_inherit(const struct dmapi_object *obj,
					__u32 nelem, struct dmapi_inherit *buf,
					__u32 *nelemp)
{
	struct dmapi_getall_inherit a = {
		.obj = *obj, .nelem = nelem, .bufp = DM_PTR(buf),
		.nelemp = DM_PTR(nelemp),
	};

	return DM_CALL(DMAPI_GETALL_INHERIT, a);
}

static inline long dmapi_set_managed(const struct dmapi_object *obj, __u32 on)
{
	struct dmapi_set_managed a = { .obj = *obj, .on = on };

	return DM_CALL(DMAPI_SET_MANAGED, a);
}

/* Holes */

static inline long dmapi_punch_hole(const struct dmapi_object *obj, __s64 off,
				    __u64 len)
{
	struct dmapi_range a = { .obj = *obj, .off = off, .len = len };

	return DM_CALL(DMAPI_PUNCH_HOLE, a);
}

static inline long dmapi_probe_hole(const struct dmapi_object *obj, __s64 off,
				    __u64 len, __s64 *roff, __u64 *rlen)
{
	struct dmapi_probe_hole a = {
		.obj = *obj, .off = off, .len = len, .roffp = DM_PTR(roff),
		.rlenp = DM_PTR(rlen),
	};

	return DM_CALL(DMAPI_PROBE_HOLE, a);
}

static inline long dmapi_get_allocinfo(const struct dmapi_object *obj,
				       __s64 *off, __u32 nelem,
				       struct dmapi_extent *ext, __u32 *nelemp)
{
	struct dmapi_get_allocinfo a = {
		.obj = *obj, .offp = DM_PTR(off), .nelem = nelem,
		.extentp = DM_PTR(ext), .nelemp = DM_PTR(nelemp),
	};

	return DM_CALL(DMAPI_GET_ALLOCINFO, a);
}

static inline long dmapi_get_dioinfo(const struct dmapi_object *obj,
				     struct dmapi_dioinfo *dio)
{
	struct dmapi_get_dioinfo a = { .obj = *obj, .diop = DM_PTR(dio) };

	return DM_CALL(DMAPI_GET_DIOINFO, a);
}

/* Descriptors and paths */

static inline long dmapi_open_by_handle(const struct dmapi_object *obj,
					__u32 flags)
{
	struct dmapi_open_by_handle a = { .obj = *obj, .flags = flags };

	return DM_CALL(DMAPI_OPEN_BY_HANDLE, a);
}

static inline long dmapi_handle_to_path(const struct dmapi_object *dir,
					const void *targhanp, __u64 targhlen,
					__u64 buflen, char *buf, __u64 *rlen)
{
	struct dmapi_handle_to_path a = {
		.obj = *dir, .targhanp = DM_PTR(targhanp), .targhlen = targhlen,
		.buflen = buflen, .pathbufp = DM_PTR(buf), .rlenp = DM_PTR(rlen),
	};

	return DM_CALL(DMAPI_HANDLE_TO_PATH, a);
}

/* @op: DMAPI_CREATE_BY_HANDLE, MKDIR or SYMLINK */
static inline long dmapi_create_by_handle(unsigned int op,
					  const struct dmapi_object *dir,
					  const void *targhanp, __u64 targhlen,
					  const char *name, const char *path)
{
	struct dmapi_create_by_handle a = {
		.obj = *dir, .targhanp = DM_PTR(targhanp), .targhlen = targhlen,
		.namep = DM_PTR(name), .pathp = DM_PTR(path),
	};

	return DM_CALL(op, a);
}

/* Versions of data */

static inline long dmapi_get_change(const struct dmapi_object *obj,
				    __u64 *change)
{
	struct dmapi_get_change a = { .obj = *obj, .changep = DM_PTR(change) };

	return DM_CALL(DMAPI_GET_CHANGE, a);
}

static inline long dmapi_punch_if(const struct dmapi_object *obj, __s64 off,
				  __u64 len, __u64 change)
{
	struct dmapi_punch_if a = {
		.obj = *obj, .off = off, .len = len, .change = change,
	};

	return DM_CALL(DMAPI_PUNCH_IF, a);
}

static inline long dmapi_stage(const struct dmapi_object *obj, int fd,
			       __s64 stage_off, __s64 off, __u64 len,
			       __u64 change)
{
	struct dmapi_stage a = {
		.obj = *obj, .fd = fd, .stage_off = stage_off, .off = off,
		.len = len, .change = change,
	};

	return DM_CALL(DMAPI_STAGE, a);
}

/* Invisible I/O */

static inline long dmapi_read_invis(const struct dmapi_object *obj, __s64 off,
				    __u64 len, void *buf)
{
	struct dmapi_io a = {
		.obj = *obj, .off = off, .len = len, .bufp = DM_PTR(buf),
	};

	return DM_CALL(DMAPI_READ_INVIS, a);
}

static inline long dmapi_write_invis(const struct dmapi_object *obj,
				     __u32 flags, __s64 off, __u64 len,
				     const void *buf)
{
	struct dmapi_io a = {
		.obj = *obj, .off = off, .len = len, .bufp = DM_PTR(buf),
		.flags = flags,
	};

	return DM_CALL(DMAPI_WRITE_INVIS, a);
}

static inline long dmapi_sync_by_handle(const struct dmapi_object *obj)
{
	struct dmapi_object a = *obj;

	return DM_CALL(DMAPI_SYNC_BY_HANDLE, a);
}

/* DM attributes; @name points to 8 bytes */

static inline long dmapi_set_dmattr(const struct dmapi_object *obj,
				    const void *name, __u32 setdtime,
				    __u64 buflen, const void *buf)
{
	struct dmapi_dmattr a = {
		.obj = *obj, .namep = DM_PTR(name), .setdtime = setdtime,
		.buflen = buflen, .bufp = DM_PTR(buf),
	};

	return DM_CALL(DMAPI_SET_DMATTR, a);
}

static inline long dmapi_get_dmattr(const struct dmapi_object *obj,
				    const void *name, __u64 buflen, void *buf,
				    __u64 *rlen)
{
	struct dmapi_dmattr a = {
		.obj = *obj, .namep = DM_PTR(name), .buflen = buflen,
		.bufp = DM_PTR(buf), .rlenp = DM_PTR(rlen),
	};

	return DM_CALL(DMAPI_GET_DMATTR, a);
}

static inline long dmapi_getall_dmattr(const struct dmapi_object *obj,
				       __u64 buflen, void *buf, __u64 *rlen)
{
	struct dmapi_dmattr a = {
		.obj = *obj, .buflen = buflen, .bufp = DM_PTR(buf),
		.rlenp = DM_PTR(rlen),
	};

	return DM_CALL(DMAPI_GETALL_DMATTR, a);
}

static inline long dmapi_remove_dmattr(const struct dmapi_object *obj,
				       const void *name, __u32 setdtime)
{
	struct dmapi_dmattr a = {
		.obj = *obj, .namep = DM_PTR(name), .setdtime = setdtime,
	};

	return DM_CALL(DMAPI_REMOVE_DMATTR, a);
}

/* Attributes of files */

static inline long dmapi_get_fileattr(const struct dmapi_object *obj,
				      __u32 mask, struct dmapi_stat *st)
{
	struct dmapi_get_fileattr a = {
		.obj = *obj, .mask = mask, .statp = DM_PTR(st),
	};

	return DM_CALL(DMAPI_GET_FILEATTR, a);
}

static inline long dmapi_set_fileattr(const struct dmapi_object *obj,
				      __u32 mask,
				      const struct dmapi_fileattr *fa)
{
	struct dmapi_set_fileattr a = {
		.obj = *obj, .mask = mask, .attrp = DM_PTR(fa),
	};

	return DM_CALL(DMAPI_SET_FILEATTR, a);
}

/* Scans: 1 there is more, 0 that was all */

static inline long dmapi_init_attrloc(const struct dmapi_object *obj, __s64 *loc)
{
	struct dmapi_init_attrloc a = { .obj = *obj, .locp = DM_PTR(loc) };

	return DM_CALL(DMAPI_INIT_ATTRLOC, a);
}

/* @op: GET_BULKATTR, GET_DIRATTRS; with @name GET_BULKALL */
static inline long dmapi_get_bulk(unsigned int op,
				  const struct dmapi_object *obj, __u32 mask,
				  const void *name, __s64 *loc, __u64 buflen,
				  void *buf, __u64 *rlen)
{
	struct dmapi_get_bulk a = {
		.obj = *obj, .mask = mask, .namep = DM_PTR(name),
		.locp = DM_PTR(loc), .buflen = buflen, .bufp = DM_PTR(buf),
		.rlenp = DM_PTR(rlen),
	};

	return DM_CALL(op, a);
}

#endif /* DMAPI_TEST_WRAPPERS_H */
