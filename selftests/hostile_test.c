// SPDX-License-Identifier: GPL-2.0-only
/*
 * Callers that err, in every operation: no privilege, no such thing, bad sizes,
 * flags, sessions, handles, tokens and pointers, and nonsense for a while.
 */
#include "common.h"

#include <sched.h>
#include <stddef.h>

#define G	DM_GRANULE

/* What an operation is about. */
#define SID	(1U << 0)	/* begins with a session */
#define OBJ	(1U << 1)	/* begins with struct dmapi_object */
#define FS	(1U << 2)	/* the handle may name this */
#define REG	(1U << 3)
#define DIR	(1U << 4)
#define OTHER	(1U << 5)
#define GLOBAL	(1U << 6)
#define NOSID	(1U << 7)	/* no session and no token */
#define TOK	(1U << 8)	/* not without a token */
#define BADKIND	(1U << 9)	/* EBADF for another kind, too */
#define ANY	(REG | DIR | OTHER)
#define KINDS	(FS | ANY | GLOBAL)

union args {
	struct dmapi_session		session;
	struct dmapi_session_fd		session_fd;
	struct dmapi_create_session	create;
	struct dmapi_getall		getall;
	struct dmapi_getall_ids		ids;
	struct dmapi_get_events		get_events;
	struct dmapi_respond_event	respond;
	struct dmapi_respond_events	responds;
	struct dmapi_pending	pending;
	struct dmapi_find_eventmsg	find;
	struct dmapi_create_userevent	userevent;
	struct dmapi_send_msg		send;
	struct dmapi_move_event		move;
	struct dmapi_get_config		config;
	struct dmapi_get_config_events	config_events;
	struct dmapi_path_to_handle	path;
	struct dmapi_fd_to_handle	fd;
	struct dmapi_object		obj;
	struct dmapi_set_disp		set_disp;
	struct dmapi_get_mountinfo	mountinfo;
	struct dmapi_get_dioinfo	dioinfo;
	struct dmapi_create_by_handle	by_handle;
	struct dmapi_handle_to_path	to_path;
	struct dmapi_open_by_handle	open;
	struct dmapi_get_eventlist	get_list;
	struct dmapi_set_born		set_born;
	struct dmapi_get_born		get_born;
	struct dmapi_set_inherit	set_inherit;
	struct dmapi_getall_inherit	getall_inherit;
	struct dmapi_set_return_on_destroy destroy;
	struct dmapi_set_region		set_region;
	struct dmapi_get_region		get_region;
	struct dmapi_range		range;
	struct dmapi_get_change		get_change;
	struct dmapi_punch_if		punch_if;
	struct dmapi_stage		stage;
	struct dmapi_probe_hole		probe;
	struct dmapi_get_allocinfo	allocinfo;
	struct dmapi_io			io;
	struct dmapi_request_right	request;
	struct dmapi_query_right	query;
	struct dmapi_dmattr		attr;
	struct dmapi_get_fileattr	get_fileattr;
	struct dmapi_set_fileattr	set_fileattr;
	struct dmapi_init_attrloc	attrloc;
	struct dmapi_get_bulk		bulk;
	__s32				sid;
	unsigned char			bytes[8192];
};

/* A pointer in the arguments: what is read, and where results go. */
#define IN		0x4000U
#define OUT		0x8000U
#define PTR_OFF(p)	((p) & 0x3fffU)
#define NOPTR		0xffffU
#define MAXPTR		4
#define P(s, m)		offsetof(struct dmapi_##s, m)

static const struct op {
	const char	*name;
	unsigned int	number;
	unsigned int	size;
	unsigned int	about;
	unsigned int	ptr[MAXPTR];
	/* pads and the like, __u32, which must be 0 */
	unsigned int	zero;
} ops[] = {
#define OP(n, s, about, zero, ...) \
	{ #n, DMAPI_##n, sizeof(struct dmapi_##s), about, { __VA_ARGS__ }, zero }
	OP(CREATE_SESSION, create_session, 0, P(create_session, pad),
	   IN | P(create_session, info), OUT | P(create_session, newsidp)),
	OP(DESTROY_SESSION, session, SID, P(session, flags), 0),
	OP(SESSION_FD, session_fd, SID, P(session_fd, pad), 0),
	OP(GET_SESSION_STATE, getall, SID, P(getall, pad), OUT | P(getall, bufp),
	   OUT | P(getall, rlenp)),
	OP(GETALL_SESSIONS, getall_ids, 0, P(getall_ids, sid),
	   OUT | P(getall_ids, bufp), OUT | P(getall_ids, nelemp)),
	OP(QUERY_SESSION, getall, SID, P(getall, pad), OUT | P(getall, bufp),
	   OUT | P(getall, rlenp)),
	OP(GETALL_DISP, getall, SID, P(getall, pad), OUT | P(getall, bufp),
	   OUT | P(getall, rlenp)),
	OP(GETALL_TOKENS, getall_ids, SID, NOPTR, OUT | P(getall_ids, nelemp)),
	OP(GET_EVENTS, get_events, SID, P(get_events, pad),
	   OUT | P(get_events, rlenp)),
	OP(RESPOND_EVENT, respond_event, SID, NOPTR,
	   IN | P(respond_event, respbufp)),
	OP(RESPOND_EVENTS, respond_events, SID, NOPTR, OUT | P(respond_events, bufp),
	   OUT | P(respond_events, nelemp)),
	OP(PENDING, pending, SID, P(pending, pad), 0),
	OP(FIND_EVENTMSG, find_eventmsg, SID, NOPTR, 0),
	OP(CREATE_USEREVENT, create_userevent, SID, P(create_userevent, pad),
	   IN | P(create_userevent, msgdatap), OUT | P(create_userevent, tokenp)),
	OP(SEND_MSG, send_msg, SID, NOPTR, IN | P(send_msg, bufp)),
	OP(MOVE_EVENT, move_event, SID, P(move_event, pad), 0),
	OP(GET_CONFIG, get_config, OBJ | NOSID | FS | ANY, P(get_config, pad),
	   IN | P(object, hanp), OUT | P(get_config, retvalp)),
	OP(GET_CONFIG_EVENTS, get_config_events, OBJ | NOSID | FS | ANY,
	   P(get_config_events, pad), IN | P(object, hanp),
	   OUT | P(get_config_events, eventsetp),
	   OUT | P(get_config_events, nelemp)),
	OP(PATH_TO_HANDLE, path_to_handle, 0, NOPTR, IN | P(path_to_handle, path),
	   OUT | P(path_to_handle, hanp), OUT | P(path_to_handle, hlenp)),
	OP(PATH_TO_FSHANDLE, path_to_handle, 0, NOPTR, IN | P(path_to_handle, path),
	   OUT | P(path_to_handle, hanp), OUT | P(path_to_handle, hlenp)),
	OP(FD_TO_HANDLE, fd_to_handle, 0, P(fd_to_handle, pad),
	   OUT | P(fd_to_handle, hanp), OUT | P(fd_to_handle, hlenp)),
	OP(SET_DISP, set_disp, OBJ | FS | GLOBAL, P(set_disp, pad),
	   IN | P(object, hanp), IN | P(set_disp, eventsetp)),
	OP(GET_MOUNTINFO, get_mountinfo, OBJ | FS, NOPTR, IN | P(object, hanp),
	   OUT | P(get_mountinfo, bufp), OUT | P(get_mountinfo, rlenp)),
	OP(SET_EVENTLIST, set_disp, OBJ | FS | ANY | GLOBAL, P(set_disp, pad),
	   IN | P(object, hanp), IN | P(set_disp, eventsetp)),
	OP(GET_EVENTLIST, get_eventlist, OBJ | FS | ANY, P(get_eventlist, pad),
	   IN | P(object, hanp), OUT | P(get_eventlist, eventsetp),
	   OUT | P(get_eventlist, nelemp)),
	OP(SET_BORN, set_born, OBJ | FS | DIR, P(set_born, pad),
	   IN | P(object, hanp)),
	OP(GET_BORN, get_born, OBJ | FS | DIR, NOPTR, IN | P(object, hanp),
	   OUT | P(get_born, eventsp), OUT | P(get_born, regionsp)),
	OP(SET_INHERIT, set_inherit, OBJ | FS, P(set_inherit, pad),
	   IN | P(object, hanp), IN | P(set_inherit, namep)),
	OP(CLEAR_INHERIT, set_inherit, OBJ | FS, P(set_inherit, pad),
	   IN | P(object, hanp), IN | P(set_inherit, namep)),
	OP(GETALL_INHERIT, getall_inherit, OBJ | FS, P(getall_inherit, pad),
	   IN | P(object, hanp), OUT | P(getall_inherit, bufp),
	   OUT | P(getall_inherit, nelemp)),
	OP(SET_RETURN_ON_DESTROY, set_return_on_destroy, OBJ | FS,
	   P(set_return_on_destroy, pad), IN | P(object, hanp),
	   IN | P(set_return_on_destroy, namep)),
	OP(SET_REGION, set_region, OBJ | REG, P(set_region, pad),
	   IN | P(object, hanp), IN | P(set_region, regbufp),
	   OUT | P(set_region, exactp)),
	OP(GET_REGION, get_region, OBJ | REG, P(get_region, pad),
	   IN | P(object, hanp), OUT | P(get_region, regbufp),
	   OUT | P(get_region, nelemp)),
	OP(SET_RESIDENT, range, OBJ | REG, NOPTR, IN | P(object, hanp)),
	OP(SET_MANAGED, set_managed, OBJ | FS | ANY, P(set_managed, pad),
	   IN | P(object, hanp)),
	OP(PUNCH_HOLE, range, OBJ | REG, NOPTR, IN | P(object, hanp)),
	OP(GET_CHANGE, get_change, OBJ | REG, NOPTR, IN | P(object, hanp),
	   OUT | P(get_change, changep)),
	OP(PUNCH_IF, punch_if, OBJ | REG, NOPTR, IN | P(object, hanp)),
	OP(STAGE, stage, OBJ | REG, P(stage, pad), IN | P(object, hanp)),
	OP(PROBE_HOLE, probe_hole, OBJ | REG, NOPTR, IN | P(object, hanp),
	   OUT | P(probe_hole, roffp), OUT | P(probe_hole, rlenp)),
	OP(GET_ALLOCINFO, get_allocinfo, OBJ | REG, P(get_allocinfo, pad),
	   IN | P(object, hanp), OUT | P(get_allocinfo, offp),
	   OUT | P(get_allocinfo, extentp), OUT | P(get_allocinfo, nelemp)),
	OP(CREATE_BY_HANDLE, create_by_handle, OBJ | DIR, NOPTR,
	   IN | P(object, hanp), IN | P(create_by_handle, targhanp),
	   IN | P(create_by_handle, namep)),
	OP(MKDIR_BY_HANDLE, create_by_handle, OBJ | DIR, NOPTR,
	   IN | P(object, hanp), IN | P(create_by_handle, targhanp),
	   IN | P(create_by_handle, namep)),
	OP(SYMLINK_BY_HANDLE, create_by_handle, OBJ | DIR, NOPTR,
	   IN | P(object, hanp), IN | P(create_by_handle, targhanp),
	   IN | P(create_by_handle, namep), IN | P(create_by_handle, pathp)),
	OP(GET_DIOINFO, get_dioinfo, OBJ | REG, NOPTR, IN | P(object, hanp),
	   OUT | P(get_dioinfo, diop)),
	OP(HANDLE_TO_PATH, handle_to_path, OBJ | NOSID | DIR | BADKIND, NOPTR,
	   IN | P(object, hanp), IN | P(handle_to_path, targhanp),
	   OUT | P(handle_to_path, pathbufp), OUT | P(handle_to_path, rlenp)),
	OP(OPEN_BY_HANDLE, open_by_handle, OBJ | NOSID | REG | DIR | BADKIND,
	   P(open_by_handle, pad), IN | P(object, hanp)),
	OP(READ_INVIS, io, OBJ | REG, P(io, pad), IN | P(object, hanp),
	   OUT | P(io, bufp)),
	OP(WRITE_INVIS, io, OBJ | REG, P(io, pad), IN | P(object, hanp),
	   IN | P(io, bufp)),
	OP(SYNC_BY_HANDLE, object, OBJ | REG, NOPTR, IN | P(object, hanp)),
	OP(SET_DMATTR, dmattr, OBJ | ANY, P(dmattr, pad), IN | P(object, hanp),
	   IN | P(dmattr, namep), IN | P(dmattr, bufp)),
	OP(GET_DMATTR, dmattr, OBJ | ANY, P(dmattr, pad), IN | P(object, hanp),
	   IN | P(dmattr, namep), OUT | P(dmattr, bufp), OUT | P(dmattr, rlenp)),
	OP(GETALL_DMATTR, dmattr, OBJ | ANY, P(dmattr, pad), IN | P(object, hanp),
	   OUT | P(dmattr, bufp), OUT | P(dmattr, rlenp)),
	OP(REQUEST_RIGHT, request_right, OBJ | TOK | FS | ANY, NOPTR,
	   IN | P(object, hanp)),
	OP(RELEASE_RIGHT, object, OBJ | TOK | FS | ANY, NOPTR, IN | P(object, hanp)),
	OP(QUERY_RIGHT, query_right, OBJ | TOK | FS | ANY, NOPTR,
	   IN | P(object, hanp), OUT | P(query_right, rightp)),
	OP(UPGRADE_RIGHT, object, OBJ | TOK | FS | ANY, NOPTR, IN | P(object, hanp)),
	OP(DOWNGRADE_RIGHT, object, OBJ | TOK | FS | ANY, NOPTR,
	   IN | P(object, hanp)),
	OP(OBJ_REF_HOLD, object, OBJ | TOK | ANY, NOPTR, IN | P(object, hanp)),
	OP(OBJ_REF_RELE, object, OBJ | TOK | ANY, NOPTR, IN | P(object, hanp)),
	OP(OBJ_REF_QUERY, object, OBJ | TOK | ANY, NOPTR, IN | P(object, hanp)),
	OP(REMOVE_DMATTR, dmattr, OBJ | ANY, P(dmattr, pad), IN | P(object, hanp),
	   IN | P(dmattr, namep)),
	OP(GET_FILEATTR, get_fileattr, OBJ | ANY, P(get_fileattr, pad),
	   IN | P(object, hanp), OUT | P(get_fileattr, statp)),
	OP(SET_FILEATTR, set_fileattr, OBJ | ANY, P(set_fileattr, pad),
	   IN | P(object, hanp), IN | P(set_fileattr, attrp)),
	OP(INIT_ATTRLOC, init_attrloc, OBJ | FS | DIR, NOPTR,
	   IN | P(object, hanp), OUT | P(init_attrloc, locp)),
	OP(GET_BULKATTR, get_bulk, OBJ | FS, P(get_bulk, pad),
	   IN | P(object, hanp), OUT | P(get_bulk, locp),
	   OUT | P(get_bulk, bufp), OUT | P(get_bulk, rlenp)),
	OP(GET_BULKALL, get_bulk, OBJ | FS, P(get_bulk, pad),
	   IN | P(get_bulk, namep), OUT | P(get_bulk, locp),
	   OUT | P(get_bulk, bufp), OUT | P(get_bulk, rlenp)),
	OP(GET_DIRATTRS, get_bulk, OBJ | DIR, P(get_bulk, pad),
	   IN | P(object, hanp), OUT | P(get_bulk, locp),
	   OUT | P(get_bulk, bufp), OUT | P(get_bulk, rlenp)),
#undef OP
};

#define NOPS	((int)ARRAY_SIZE(ops))
#define for_each_op(o)	for (o = ops; o < ops + NOPS; o++)

FIXTURE(hostile) {
	DM_FIXTURE_FIELDS;
	struct dm_file	f;
	struct dm_handle fs, d, l;
	int		fd;
	__s32		token;
	/* where arguments point to */
	char		name[8];
	__u64		set, list;
	struct dmapi_region region;
	struct dmapi_fileattr fa;
	__s64		off;
	__u64		r64;
	__u32		r32;
	__s32		rsid;
	__u64		hlen;
	unsigned char	han[DMAPI_HANDLE_LEN];
	unsigned char	buf[65536];
};

FIXTURE_SETUP(hostile)
{
	long ret = dmapi_get_version();
	struct dmapi_object fs;
	char path[PATH_MAX];

	if (ret == -ENOSYS || ret == -ENODEV || ret == -EPERM)
		SKIP(return, "no dmapi(), or not for us");
	snprintf(self->dir, sizeof(self->dir), "%s/%s.%d", dm_mnt(),
		 _metadata->name, getpid());
	ASSERT_EQ(0, mkdir(self->dir, 0755));
	ASSERT_EQ(0, dmapi_create_session(0, "hostile", &self->sid));
	ASSERT_EQ(0, dm_make_file(&self->f, self->sid, self->dir, "f", 8 * G));
	snprintf(path, sizeof(path), "%s/l", self->dir);
	ASSERT_EQ(0, symlink("f", path));
	ASSERT_EQ(0, dm_path_handle(path, &self->l));
	ASSERT_EQ(0, dm_path_handle(self->dir, &self->d));
	ASSERT_EQ(0, dm_fs_handle(self->dir, &self->fs));
	self->fd = open(self->f.path, O_RDWR);
	ASSERT_LE(0, self->fd);
	memcpy(self->name, "attrname", 8);
	self->set = DM_BIT(READ) | DM_BIT(DESTROY);
	self->list = DM_BIT(DESTROY);
	/* Lists that are made up are nobody's matter. */
	ASSERT_EQ(0, dm_sysfs_set("namespace_policy", "continue"));
	ASSERT_EQ(0, dm_sysfs_set("async_policy", "continue"));
	self->region.offset = 5;
	self->region.size = 5;
	self->region.flags = DMAPI_REGION_WRITE;
	/* so that there is something to be got */
	ASSERT_EQ(0, dm_want(self->sid, self->set));
	ASSERT_EQ(0, dmapi_set_region(&self->f.o, 1, &self->region,
				      &self->r32));
	ASSERT_EQ(0, dmapi_set_dmattr(&self->f.o, self->name, 0, 8, "value..."));
	ASSERT_EQ(0, dmapi_create_userevent(self->sid, 0, NULL, &self->token));
	fs = dm_obj(self->sid, &self->fs);
	ASSERT_EQ(0, dmapi_set_inherit(&fs, self->name, 0));
}

FIXTURE_TEARDOWN(hostile)
{
	struct dmapi_object o = dm_obj(self->sid, &self->fs);
	__u64 none = 0;

	dmapi_set_eventlist(&o, &none, DMAPI_EVENT_MAX);
	dmapi_set_born(&o, 0, 0);
	dmapi_clear_inherit(&o, self->name);
	dm_sysfs_set("namespace_policy", "block");
	dm_sysfs_set("async_policy", "block");
	close(self->fd);
	dm_drain(self->sid);
	dmapi_destroy_session(self->sid);
	dm_rm_rf(self->dir);
}

typedef FIXTURE_DATA(hostile) hostile;

/* Arguments with which the operation succeeds, or finds nothing to do. */
static void fill(hostile *t, const struct op *op, union args *a)
{
	memset(a, 0, sizeof(*a));
	if (op->about & SID)
		a->sid = t->sid;
	if (op->about & OBJ)
		a->obj = dm_obj(op->about & NOSID ? DMAPI_NO_SESSION : t->sid,
				op->about & REG ? &t->f.h :
				op->about & FS ? &t->fs : &t->d);
	if (op->about & TOK)
		a->obj.token = t->token;
	switch (op->number) {
	case DMAPI_REQUEST_RIGHT:
		a->request.right = DMAPI_RIGHT_SHARED;
		break;
	case DMAPI_QUERY_RIGHT:
		a->query.rightp = DM_PTR(&t->r32);
		break;
	case DMAPI_CREATE_SESSION:
		a->create.info = DM_PTR("x");
		a->create.newsidp = DM_PTR(&t->rsid);
		break;
	case DMAPI_QUERY_SESSION:
	case DMAPI_GET_SESSION_STATE:
	case DMAPI_GETALL_DISP:
		a->getall.buflen = sizeof(t->buf);
		a->getall.bufp = DM_PTR(t->buf);
		a->getall.rlenp = DM_PTR(&t->r64);
		break;
	case DMAPI_GETALL_SESSIONS:
	case DMAPI_GETALL_TOKENS:
		a->ids.nelem = sizeof(t->buf) / sizeof(__s32);
		a->ids.bufp = DM_PTR(t->buf);
		a->ids.nelemp = DM_PTR(&t->r32);
		break;
	case DMAPI_GET_EVENTS:
		a->get_events.buflen = sizeof(t->buf);
		a->get_events.bufp = DM_PTR(t->buf);
		a->get_events.rlenp = DM_PTR(&t->r64);
		break;
	case DMAPI_RESPOND_EVENT:
		a->respond.token = INT_MAX;
		a->respond.response = DMAPI_RESP_CONTINUE;
		a->respond.buflen = 8;
		a->respond.respbufp = DM_PTR(t->buf);
		break;
	case DMAPI_RESPOND_EVENTS:
		a->responds.nelem = 1;
		a->responds.bufp = DM_PTR(t->buf);
		a->responds.nelemp = DM_PTR(&t->r32);
		break;
	case DMAPI_PENDING:
		a->pending.token = INT_MAX;
		break;
	case DMAPI_FIND_EVENTMSG:
		a->find.token = INT_MAX;
		a->find.buflen = sizeof(t->buf);
		a->find.bufp = DM_PTR(t->buf);
		a->find.rlenp = DM_PTR(&t->r64);
		break;
	case DMAPI_CREATE_USEREVENT:
		a->userevent.msglen = 8;
		a->userevent.msgdatap = DM_PTR("message");
		a->userevent.tokenp = DM_PTR(&t->rsid);
		break;
	case DMAPI_SEND_MSG:
		a->send.msgtype = DMAPI_MSGTYPE_ASYNC;
		a->send.buflen = 8;
		a->send.bufp = DM_PTR("message");
		break;
	case DMAPI_MOVE_EVENT:
		a->move.token = INT_MAX;
		a->move.targetsid = t->sid;
		a->move.rtokenp = DM_PTR(&t->rsid);
		break;
	case DMAPI_GET_CONFIG:
		a->config.flagname = DMAPI_CONFIG_PENDING;
		a->config.retvalp = DM_PTR(&t->r64);
		break;
	case DMAPI_GET_CONFIG_EVENTS:
		a->config_events.nelem = DMAPI_EVENT_MAX;
		a->config_events.eventsetp = DM_PTR(&t->r64);
		a->config_events.nelemp = DM_PTR(&t->r32);
		break;
	case DMAPI_PATH_TO_HANDLE:
	case DMAPI_PATH_TO_FSHANDLE:
		a->path.path = DM_PTR(t->f.path);
		a->path.hanp = DM_PTR(t->han);
		a->path.hlenp = DM_PTR(&t->hlen);
		break;
	case DMAPI_FD_TO_HANDLE:
		a->fd.fd = t->fd;
		a->fd.hanp = DM_PTR(t->han);
		a->fd.hlenp = DM_PTR(&t->hlen);
		break;
	case DMAPI_SET_DISP:
		a->set_disp.eventsetp = DM_PTR(&t->set);
		a->set_disp.maxevent = DMAPI_EVENT_MAX;
		break;
	case DMAPI_SET_EVENTLIST:
		a->set_disp.eventsetp = DM_PTR(&t->list);
		a->set_disp.maxevent = DMAPI_EVENT_MAX;
		break;
	case DMAPI_GET_EVENTLIST:
		a->get_list.nelem = DMAPI_EVENT_MAX;
		a->get_list.eventsetp = DM_PTR(&t->r64);
		a->get_list.nelemp = DM_PTR(&t->r32);
		break;
	case DMAPI_SET_BORN:
		a->set_born.events = DM_BIT(DESTROY);
		break;
	case DMAPI_GET_BORN:
		a->get_born.eventsp = DM_PTR(&t->r64);
		a->get_born.regionsp = DM_PTR(&t->r32);
		break;
	case DMAPI_SET_INHERIT:
		a->set_inherit.namep = DM_PTR(t->name);
		break;
	case DMAPI_CLEAR_INHERIT:
		a->set_inherit.namep = DM_PTR("none\0\0\0");
		break;
	case DMAPI_GETALL_INHERIT:
		a->getall_inherit.nelem = 100;
		a->getall_inherit.bufp = DM_PTR(t->buf);
		a->getall_inherit.nelemp = DM_PTR(&t->r32);
		break;
	case DMAPI_SET_RETURN_ON_DESTROY:
		a->destroy.namep = DM_PTR(t->name);
		a->destroy.enable = 1;
		break;
	case DMAPI_GET_MOUNTINFO:
		a->mountinfo.buflen = sizeof(t->buf);
		a->mountinfo.bufp = DM_PTR(t->buf);
		a->mountinfo.rlenp = DM_PTR(&t->r64);
		break;
	case DMAPI_SET_REGION:
		a->set_region.nelem = 1;
		a->set_region.regbufp = DM_PTR(&t->region);
		a->set_region.exactp = DM_PTR(&t->r32);
		break;
	case DMAPI_GET_REGION:
		a->get_region.nelem = 100;
		a->get_region.regbufp = DM_PTR(t->buf);
		a->get_region.nelemp = DM_PTR(&t->r32);
		break;
	case DMAPI_SET_RESIDENT:
	case DMAPI_PUNCH_HOLE:
		a->range.off = 6 * G;
		a->range.len = G;
		break;
	case DMAPI_GET_CHANGE:
		a->get_change.changep = DM_PTR(&t->r64);
		break;
	case DMAPI_PUNCH_IF:
		a->punch_if.off = 6 * G;
		a->punch_if.len = G;
		/* Nobody was told this one. */
		a->punch_if.change = 1;
		break;
	case DMAPI_STAGE:
		a->stage.fd = -1;
		break;
	case DMAPI_PROBE_HOLE:
		a->probe.roffp = DM_PTR(&t->off);
		a->probe.rlenp = DM_PTR(&t->r64);
		break;
	case DMAPI_GET_ALLOCINFO:
		t->off = 0;
		a->allocinfo.offp = DM_PTR(&t->off);
		a->allocinfo.nelem = 100;
		a->allocinfo.extentp = DM_PTR(t->buf);
		a->allocinfo.nelemp = DM_PTR(&t->r32);
		break;
	case DMAPI_CREATE_BY_HANDLE:
	case DMAPI_MKDIR_BY_HANDLE:
	case DMAPI_SYMLINK_BY_HANDLE:
		/* in use */
		a->by_handle.targhanp = DM_PTR(t->f.h.b);
		a->by_handle.targhlen = t->f.h.len;
		a->by_handle.namep = DM_PTR("new");
		if (op->number == DMAPI_SYMLINK_BY_HANDLE)
			a->by_handle.pathp = DM_PTR("contents");
		break;
	case DMAPI_GET_DIOINFO:
		a->dioinfo.diop = DM_PTR(t->buf);
		break;
	case DMAPI_HANDLE_TO_PATH:
		a->to_path.targhanp = DM_PTR(t->f.h.b);
		a->to_path.targhlen = t->f.h.len;
		a->to_path.buflen = PATH_MAX;
		a->to_path.pathbufp = DM_PTR(t->buf);
		a->to_path.rlenp = DM_PTR(&t->r64);
		break;
	case DMAPI_READ_INVIS:
	case DMAPI_WRITE_INVIS:
		a->io.len = 100;
		a->io.bufp = DM_PTR(t->buf);
		break;
	case DMAPI_SET_DMATTR:
		a->attr.namep = DM_PTR(t->name);
		a->attr.buflen = 8;
		a->attr.bufp = DM_PTR("value...");
		break;
	case DMAPI_GET_DMATTR:
		a->attr.namep = DM_PTR(t->name);
		a->attr.buflen = sizeof(t->buf);
		a->attr.bufp = DM_PTR(t->buf);
		a->attr.rlenp = DM_PTR(&t->r64);
		break;
	case DMAPI_GETALL_DMATTR:
		a->attr.buflen = sizeof(t->buf);
		a->attr.bufp = DM_PTR(t->buf);
		a->attr.rlenp = DM_PTR(&t->r64);
		break;
	case DMAPI_REMOVE_DMATTR:
		a->attr.namep = DM_PTR("none\0\0\0");
		break;
	case DMAPI_GET_FILEATTR:
		a->get_fileattr.statp = DM_PTR(t->buf);
		break;
	case DMAPI_SET_FILEATTR:
		t->fa.mode = 0600;
		a->set_fileattr.mask = DMAPI_AT_MODE;
		a->set_fileattr.attrp = DM_PTR(&t->fa);
		break;
	case DMAPI_INIT_ATTRLOC:
		a->attrloc.locp = DM_PTR(&t->off);
		break;
	case DMAPI_GET_BULKALL:
		a->bulk.namep = DM_PTR(t->name);
		/* fallthrough */
	case DMAPI_GET_BULKATTR:
	case DMAPI_GET_DIRATTRS:
		t->off = 0;
		a->bulk.locp = DM_PTR(&t->off);
		a->bulk.buflen = sizeof(t->buf);
		a->bulk.bufp = DM_PTR(t->buf);
		a->bulk.rlenp = DM_PTR(&t->r64);
		break;
	}
}

/* What such a call says. */
static long usual(const struct op *op)
{
	switch (op->number) {
	case DMAPI_GET_EVENTS:
		return -EAGAIN;
	case DMAPI_RESPOND_EVENT:
	case DMAPI_PENDING:
		return -ESRCH;
	case DMAPI_FIND_EVENTMSG:
		return -EINVAL;
	case DMAPI_CREATE_BY_HANDLE:
	case DMAPI_MKDIR_BY_HANDLE:
	case DMAPI_SYMLINK_BY_HANDLE:
		return -EEXIST;
	case DMAPI_PUNCH_IF:
		return -ESTALE;
	case DMAPI_STAGE:
		return -EBADF;
	case DMAPI_CLEAR_INHERIT:
	case DMAPI_REMOVE_DMATTR:
	case DMAPI_MOVE_EVENT:
		return -ENOENT;
	case DMAPI_RELEASE_RIGHT:
	case DMAPI_OBJ_REF_RELE:
		return -EACCES;
	case DMAPI_UPGRADE_RIGHT:
	case DMAPI_DOWNGRADE_RIGHT:
		return -EPERM;
	case DMAPI_READ_INVIS:
	case DMAPI_WRITE_INVIS:
		return 100;
	default:
		return 0;
	}
}

/* Bytes of the structure as it was first */
static unsigned int first_size(const struct op *op)
{
	return op->number == DMAPI_SESSION_FD ? sizeof(struct dmapi_session) :
						op->size;
}

/* Take and answer everything that a session has but @token, whatever its size. */
static void empty(__s32 sid, __s32 token)
{
	static char buf[DMAPI_MAX_MESSAGE_DATA + 1024];
	static __s32 tokens[4096];
	__u64 rlen;
	__u32 n = 0, i;

	while (!dmapi_get_events(sid, 0, 0, sizeof(buf), buf, &rlen))
		;
	if (!dmapi_getall_tokens(sid, ARRAY_SIZE(tokens), tokens, &n))
		for (i = 0; i < n; i++)
			if (tokens[i] != token)
				dm_abort(sid, tokens[i], EIO);
}

/* Make the call; what it made is unmade. */
static long call(hostile *t, const struct op *op, const void *a, size_t size)
{
	long ret = sys_dmapi(op->number, a, size, 0);

	if ((op->number == DMAPI_SESSION_FD ||
	     op->number == DMAPI_OPEN_BY_HANDLE) && ret >= 0) {
		close(ret);
		ret = 0;
	}
	if (op->number == DMAPI_CREATE_SESSION && !ret)
		dmapi_destroy_session(t->rsid);
	if ((op->number == DMAPI_CREATE_USEREVENT ||
	     op->number == DMAPI_SEND_MSG) && !ret)
		empty(t->sid, t->token);
	if (op->number == DMAPI_REQUEST_RIGHT && !ret)
		sys_dmapi(DMAPI_RELEASE_RIGHT, a, sizeof(struct dmapi_object), 0);
	if (op->number == DMAPI_OBJ_REF_HOLD && !ret)
		sys_dmapi(DMAPI_OBJ_REF_RELE, a, sizeof(struct dmapi_object), 0);
	return ret;
}

#define EXPECT_CALL(want, op, a, size)					\
	do {								\
		EXPECT_EQ((long)(want), call(self, op, a, size)) {	\
			TH_LOG("%s", (op)->name);			\
		}							\
	} while (0)

/* Nothing that failed has changed anything. */
static bool intact(hostile *t)
{
	struct dmapi_region r[2];
	char v[16];
	__u64 rlen;
	__u32 n;

	return !dmapi_get_region(&t->f.o, 2, r, &n) && n == 1 &&
	       !memcmp(r, &t->region, sizeof(r[0])) &&
	       !dmapi_get_dmattr(&t->f.o, t->name, sizeof(v), v, &rlen) &&
	       rlen == 8 && !memcmp(v, "value...", 8) &&
	       !dm_read_check(t->f.path, 0, t->f.size);
}

/* So that what follows means something. */
TEST_F(hostile, nothing_wrong)
{
	const struct op *op;
	union args a;

	for_each_op(op) {
		if (op->number == DMAPI_DESTROY_SESSION)
			continue;
		fill(self, op, &a);
		EXPECT_CALL(usual(op), op, &a, op->size);
	}
}

/* --- Privilege ----------------------------------------------------------- */

struct unprivileged {
	hostile		*t;
	bool		ns;
};

static long no_privilege(void *arg)
{
	const struct unprivileged *u = arg;
	static const unsigned int others[] = {
		DMAPI_GET_VERSION, 0, 1, 2, 500, ~0U,
	};
	const struct op *op;
	static union args a;
	unsigned int i;

	if (u->ns) {
		if (unshare(CLONE_NEWUSER))
			return -ENOSYS;
	} else if (dm_drop_cap(CAP_SYS_ADMIN)) {
		return -EIO;
	}
	for_each_op(op) {
		fill(u->t, op, &a);
		if (sys_dmapi(op->number, &a, op->size, 0) != -EPERM ||
		    sys_dmapi(op->number, &a, 0, 0) != -EPERM ||
		    sys_dmapi(op->number, &a, ~0UL, 0) != -EPERM ||
		    sys_dmapi(op->number, NULL, op->size, 0) != -EPERM ||
		    sys_dmapi(op->number, &a, op->size, 1) != -EPERM)
			return -EILSEQ;
	}
	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (sys_dmapi(others[i], NULL, 0, 0) != -EPERM)
			return -EILSEQ;
	return 0;
}

TEST_F(hostile, no_privilege)
{
	struct unprivileged u = { self, false };

	EXPECT_EQ(0, dm_wait(dm_spawn(no_privilege, &u), 10000));
	EXPECT_TRUE(intact(self));
}

/* All capabilities in a user namespace are none here. */
TEST_F(hostile, user_namespace)
{
	struct unprivileged u = { self, true };
	long ret = dm_wait(dm_spawn(no_privilege, &u), 10000);

	if (ret == -ENOSYS)
		SKIP(return, "no user namespaces");
	EXPECT_EQ(0, ret);
}

/* --- The call itself ----------------------------------------------------- */

TEST_F(hostile, unknown_operations)
{
	static union args a;
	const struct op *op;
	unsigned int i;

	for (i = 0; i < 0x400; i++) {
		bool known = i == DMAPI_GET_VERSION;

		for_each_op(op)
			known |= op->number == i;
		if (known)
			continue;
		EXPECT_EQ(-EINVAL, sys_dmapi(i, &a, 64, 0)) {
			TH_LOG("op %u", i);
		}
		EXPECT_EQ(-EINVAL, sys_dmapi(i, NULL, ~0UL, 0));
	}
	for (i = 0x400; i; i <<= 1)
		EXPECT_EQ(-EINVAL, sys_dmapi(i | DMAPI_SYNC_BY_HANDLE, &a, 64,
					     0));
	EXPECT_EQ(-EINVAL, sys_dmapi(~0U, &a, 64, 0));
}

TEST_F(hostile, flags)
{
	const struct op *op;
	static union args a;
	int i;

	for_each_op(op) {
		fill(self, op, &a);
		for (i = 0; i < 32; i++)
			EXPECT_EQ(-EINVAL, sys_dmapi(op->number, &a, op->size,
						     1U << i));
		EXPECT_EQ(-EINVAL, sys_dmapi(op->number, NULL, ~0UL, 1));
	}
	EXPECT_TRUE(intact(self));
}

TEST_F(hostile, sizes)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	const struct op *op;
	static union args a;
	unsigned int i;

	for_each_op(op) {
		if (op->number == DMAPI_DESTROY_SESSION)
			continue;
		fill(self, op, &a);
		for (i = 0; i < first_size(op); i++)
			EXPECT_CALL(-EINVAL, op, &a, i);
		for (; i < op->size; i++)
			EXPECT_CALL(usual(op), op, &a, i);
		/* a caller from the future, who wants nothing new */
		EXPECT_CALL(usual(op), op, &a, op->size + 1);
		EXPECT_CALL(usual(op), op, &a, op->size + 64);
		EXPECT_CALL(usual(op), op, &a, page);
		EXPECT_CALL(-E2BIG, op, &a, page + 1);
		EXPECT_CALL(-E2BIG, op, &a, 1UL << 31);
		EXPECT_CALL(-E2BIG, op, &a, 1UL << 32 | op->size);
		EXPECT_CALL(-E2BIG, op, &a, ~0UL);
		EXPECT_CALL(-E2BIG, op, NULL, ~0UL);
		/* ... and one who does */
		a.bytes[op->size] = 1;
		EXPECT_CALL(-E2BIG, op, &a, op->size + 1);
		EXPECT_CALL(usual(op), op, &a, op->size);
		a.bytes[op->size] = 0;
		a.bytes[page - 1] = 1;
		EXPECT_CALL(-E2BIG, op, &a, page);
		EXPECT_CALL(usual(op), op, &a, page - 1);
	}
}

TEST_F(hostile, arguments_at_the_end_of_memory)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	unsigned char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct op *op;
	static union args a;

	ASSERT_NE(MAP_FAILED, p);
	munmap(p + page, page);
	for_each_op(op) {
		if (op->number == DMAPI_DESTROY_SESSION)
			continue;
		fill(self, op, &a);
		memcpy(p + page - op->size, &a, op->size);
		EXPECT_CALL(usual(op), op, p + page - op->size, op->size);
		EXPECT_CALL(-EFAULT, op, p + page - op->size, op->size + 1);
		memmove(p + page - op->size + 1, p + page - op->size,
			op->size - 1);
		EXPECT_CALL(-EFAULT, op, p + page - op->size + 1, op->size);
		EXPECT_CALL(-EFAULT, op, NULL, op->size);
		EXPECT_CALL(-EFAULT, op, DM_BAD_PTR, op->size);
		EXPECT_CALL(-EFAULT, op, (void *)~0xffUL, op->size);
		EXPECT_CALL(-EFAULT, op, (void *)(1UL << 63), op->size);
	}
}

/* Nothing is written into the arguments, and they may be anywhere. */
TEST_F(hostile, arguments_read_only_and_unaligned)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	unsigned char *p = mmap(NULL, page, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const struct op *op;
	static union args a;

	ASSERT_NE(MAP_FAILED, p);
	for_each_op(op) {
		if (op->number == DMAPI_DESTROY_SESSION)
			continue;
		fill(self, op, &a);
		mprotect(p, page, PROT_READ | PROT_WRITE);
		memcpy(p + 1, &a, op->size);
		mprotect(p, page, PROT_READ);
		EXPECT_CALL(usual(op), op, p + 1, op->size);
		EXPECT_EQ(0, memcmp(p + 1, &a, op->size));
	}
}

TEST_F(hostile, pads)
{
	const struct op *op;
	static union args a;

	for_each_op(op) {
		if (op->zero == NOPTR)
			continue;
		fill(self, op, &a);
		a.bytes[op->zero] = 1;
		EXPECT_CALL(-EINVAL, op, &a, op->size);
		fill(self, op, &a);
		a.bytes[op->zero + 3] = 0x80;
		EXPECT_CALL(-EINVAL, op, &a, op->size);
	}
	EXPECT_TRUE(intact(self));
}

/* --- Sessions, handles, tokens, kinds ------------------------------------ */

TEST_F(hostile, sessions)
{
	__s32 bad[] = { 0, -1, INT_MIN, INT_MAX, 0 };
	const struct op *op;
	static union args a;
	unsigned int i;
	__s32 dead;

	ASSERT_EQ(0, dmapi_create_session(0, "dead", &dead));
	ASSERT_EQ(0, dmapi_destroy_session(dead));
	bad[4] = dead;
	for_each_op(op) {
		if (!(op->about & (SID | OBJ)))
			continue;
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			fill(self, op, &a);
			/* The session that exists is one too many, too. */
			a.sid = (op->about & NOSID) && !bad[i] ? self->sid : bad[i];
			EXPECT_CALL(-EINVAL, op, &a, op->size);
		}
		/* before the handle is looked at, and the token */
		if (op->about & OBJ) {
			a.obj.hlen = 3;
			a.obj.token = 0;
			EXPECT_CALL(-EINVAL, op, &a, op->size);
		}
	}
	EXPECT_TRUE(intact(self));
}

TEST_F(hostile, handles)
{
	static const __u64 bad[] = {
		0, 2, 7, 9, 23, 25, 1ULL << 32 | 24, ~0ULL,
	};
	struct dm_handle none = self->f.h, gone = self->f.h;
	const struct op *op;
	static union args a;
	unsigned int i;

	none.b[0] ^= 1;		/* no such file system */
	gone.b[12] ^= 1;	/* no such generation */
	for_each_op(op) {
		if (!(op->about & OBJ))
			continue;
		fill(self, op, &a);
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			a.obj.hlen = bad[i];
			EXPECT_CALL(-EBADF, op, &a, op->size);
			/* before its token */
			a.obj.token = 0;
			EXPECT_CALL(-EBADF, op, &a, op->size);
			a.obj.token = op->about & TOK ? self->token :
							DMAPI_NO_TOKEN;
		}
		a.obj.hlen = DMAPI_HANDLE_LEN;
		a.obj.hanp = DM_PTR(none.b);
		EXPECT_CALL(-EBADF, op, &a, op->size);
		a.obj.hlen = DMAPI_FSHANDLE_LEN;
		EXPECT_CALL(-EBADF, op, &a, op->size);
		a.obj.hlen = DMAPI_HANDLE_LEN;
		a.obj.hanp = DM_PTR(gone.b);
		EXPECT_CALL(-EBADF, op, &a, op->size);
		/* the token is looked at before the handle is resolved */
		a.obj.token = INT_MAX;
		EXPECT_CALL(op->about & NOSID ? -EINVAL : -ESRCH, op, &a,
			    op->size);
	}
	EXPECT_TRUE(intact(self));
}

TEST_F(hostile, tokens)
{
	static const __s32 bad[] = { 0, -2, INT_MIN };
	const struct op *op;
	static union args a;
	unsigned int i;
	long none;

	for_each_op(op) {
		if (!(op->about & OBJ))
			continue;
		none = op->about & NOSID ? -EINVAL : -ESRCH;
		fill(self, op, &a);
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			a.obj.token = bad[i];
			EXPECT_CALL(-EINVAL, op, &a, op->size);
		}
		a.obj.token = INT_MAX;
		EXPECT_CALL(none, op, &a, op->size);
		/* before the kind */
		a.obj.hanp = DM_PTR(op->about & FS ? self->d.b : self->fs.b);
		a.obj.hlen = op->about & FS ? DMAPI_HANDLE_LEN :
					      DMAPI_FSHANDLE_LEN;
		EXPECT_CALL(none, op, &a, op->size);
	}
	EXPECT_TRUE(intact(self));
}

TEST_F(hostile, kinds)
{
	const struct {
		unsigned int	kind;
		struct dm_handle *h;
	} k[] = {
		{ FS, &self->fs }, { REG, &self->f.h }, { DIR, &self->d },
		{ OTHER, &self->l },
	};
	const struct op *op;
	static union args a;
	unsigned int i;
	long ret;

	for_each_op(op) {
		if (!(op->about & OBJ))
			continue;
		for (i = 0; i < ARRAY_SIZE(k); i++) {
			fill(self, op, &a);
			a.obj = dm_obj_token(dm_obj(a.sid, k[i].h), a.obj.token);
			ret = call(self, op, &a, op->size);
			if (op->about & k[i].kind) {
				EXPECT_NE(-EINVAL, ret) {
					TH_LOG("%s %u", op->name, i);
				}
			} else {
				if (op->about & BADKIND && ret == -EBADF)
					ret = -EINVAL;
				EXPECT_EQ(-EINVAL, ret) {
					TH_LOG("%s %u", op->name, i);
				}
			}
		}
		fill(self, op, &a);
		a.obj = dm_obj_global(a.sid);
		EXPECT_CALL(op->about & GLOBAL ? -EINVAL : -EBADF, op, &a,
			    op->size);
		/* 1 is no address, and 1 byte no length of anything else */
		a.obj.hanp = DM_PTR(self->f.h.b);
		EXPECT_CALL(-EBADF, op, &a, op->size);
	}
}

/* --- Pointers ------------------------------------------------------------ */

TEST_F(hostile, pointers)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	unsigned char *p = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u64 bad[] = {
		0, 8, DM_PTR(p + 2 * page), 1ULL << 47, 1ULL << 63,
		0xffff888000000000ULL, ~0ULL, ~0ULL - 7,
		DM_PTR(p + 2 * page - 1),	/* only the first byte is there */
		DM_PTR(p),			/* may be read only */
	};
	const struct op *op;
	static union args a;
	unsigned int i, j;
	__u64 zero = 0;
	long ret, want;

	ASSERT_NE(MAP_FAILED, p);
	munmap(p + 2 * page, page);
	memset(p, 'x', 2 * page);
	mprotect(p, page, PROT_READ);
	for_each_op(op) {
		for (i = 0; i < MAXPTR && op->ptr[i]; i++) {
			for (j = 0; j < ARRAY_SIZE(bad); j++) {
				fill(self, op, &a);
				memcpy(a.bytes + PTR_OFF(op->ptr[i]), &bad[j],
				       sizeof(bad[j]));
				if (bad[j] == DM_PTR(p)) {
					if (!(op->ptr[i] & OUT))
						continue;
					if (op->number == DMAPI_GET_ALLOCINFO &&
					    PTR_OFF(op->ptr[i]) ==
					    P(get_allocinfo, offp)) {
						mprotect(p, page, PROT_READ |
							 PROT_WRITE);
						memcpy(p, &zero, sizeof(zero));
						mprotect(p, page, PROT_READ);
					}
				}
				p[2 * page - 1] = 'x';
				want = -EFAULT;
				/* as far as it goes, with what is there already */
				if ((op->number == DMAPI_READ_INVIS ||
				     op->number == DMAPI_WRITE_INVIS) && i == 1 &&
				    bad[j] == DM_PTR(p + 2 * page - 1)) {
					p[2 * page - 1] = dm_pat(0, DM_SEED);
					want = 1;
				}
				ret = call(self, op, &a, op->size);
				/* UML copies a page or nothing. */
				if (op->number == DMAPI_WRITE_INVIS && ret == -EFAULT)
					ret = want;
				/* UML's strnlen_user() is not everybody's */
				if (op->number == DMAPI_CREATE_SESSION && !i &&
				    ret == -ENOMEM)
					ret = -EFAULT;
				EXPECT_EQ(want, ret) {
					TH_LOG("%s, pointer %u, address %u",
					       op->name, i, j);
				}
			}
		}
	}
	EXPECT_TRUE(intact(self));
	munmap(p, 2 * page);
}

/* Results may go to any address. */
TEST_F(hostile, unaligned_results)
{
	unsigned char *p = self->buf + 30000;
	const struct op *op;
	static union args a;
	unsigned int i;
	__u64 at;

	for_each_op(op) {
		if (op->number == DMAPI_DESTROY_SESSION ||
		    op->number == DMAPI_CREATE_SESSION)
			continue;
		fill(self, op, &a);
		memset(p, 0, 4 * 8192);
		for (i = 0; i < MAXPTR && op->ptr[i]; i++) {
			if (!(op->ptr[i] & OUT))
				continue;
			at = DM_PTR(p + 1 + i * 8192 / 2);
			memcpy(a.bytes + PTR_OFF(op->ptr[i]), &at, sizeof(at));
		}
		EXPECT_CALL(usual(op), op, &a, op->size);
	}
}

/* --- Nonsense ------------------------------------------------------------ */

#define FUZZ_SECONDS	8
#define FUZZERS		2

struct fuzz {
	hostile		*t;
	unsigned int	seed;
	/* shared by all: NSID sessions that come and go, a token of each */
	volatile __s32	*sid;
	unsigned char	*room, *ro;	/* 256 KiB to write to; a page not to */
};

#define ROOM	(256 << 10)
#define NSID	8

static __u64 rnd(unsigned int *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static __u64 fuzz_value(struct fuzz *f)
{
	static const __u64 number[] = {
		0, 1, 2, 3, 4, 7, 8, 23, 24, 25, 100, 255, 256, 257, 1023, 1024,
		1025, 4095, 4096, 4097, 65535, 65536, 65537, 131072, 1 << 20,
		1ULL << 31, 1ULL << 32, 1ULL << 40, INT64_MAX, 1ULL << 63,
		~0ULL, ~0ULL - 1, ~0ULL << 16, ~0ULL << 32, INT_MAX,
		INT64_MAX - 65535, 0xffffffff,
	};
	hostile *t = f->t;

	switch (rnd(&f->seed) % 12) {
	case 0:
		return DM_PTR(f->room);
	case 1:
		return DM_PTR(f->room + rnd(&f->seed) % ROOM);
	case 2:
		return DM_PTR(f->room + ROOM - rnd(&f->seed) % 64);
	case 3:
		return DM_PTR(f->ro + rnd(&f->seed) % 100);
	case 4:
		return DM_PTR(rnd(&f->seed) & 1 ? t->f.h.b : t->d.b);
	case 5:
		return DM_PTR(rnd(&f->seed) & 1 ? t->l.b : t->fs.b);
	case 6:
		return f->sid[rnd(&f->seed) % NSID];
	case 7:
		return rnd(&f->seed) % 64 * G;
	case 8:
		return rnd(&f->seed) << 24 ^ rnd(&f->seed);
	default:
		return number[rnd(&f->seed) % ARRAY_SIZE(number)];
	}
}

static void on_alarm(int sig)
{
	(void)sig;
}

/*
 * A token of the session's own, for rights and for calls that need one.  None
 * lives for long, since whoever has a right keeps the others from what they do.
 */
static __s32 fuzz_token(struct fuzz *f, unsigned int slot)
{
	volatile __s32 *token = &f->sid[NSID + slot];
	__s32 made = 0;

	if (rnd(&f->seed) % 4)
		return *token;
	dm_continue(f->sid[slot], *token);
	if (!dmapi_create_userevent(f->sid[slot], 0, NULL, &made))
		*token = made;
	return made;
}

static void fuzz_once(struct fuzz *f)
{
	const struct op *op = &ops[rnd(&f->seed) % NOPS];
	static union args a;
	size_t size = op->size;
	unsigned int i, n, slot;
	__s32 sid;
	__u64 v;
	long ret;

	fill(f->t, op, &a);
	/* Nothing of ours is for the kernel to write to. */
	for (i = 0; i < MAXPTR && op->ptr[i]; i++) {
		if (!(op->ptr[i] & OUT))
			continue;
		v = DM_PTR(f->room + i * 65536);
		memcpy(a.bytes + PTR_OFF(op->ptr[i]), &v, sizeof(v));
	}
	slot = rnd(&f->seed) % NSID;
	if (op->about & (SID | OBJ) && !(op->about & NOSID))
		a.sid = f->sid[slot];
	if ((op->about & TOK) || ((op->about & OBJ) && rnd(&f->seed) % 4 == 0))
		a.obj.token = fuzz_token(f, slot);
	n = rnd(&f->seed) % 5;
	for (i = 0; i < n; i++) {
		v = fuzz_value(f);
		if (rnd(&f->seed) & 1)
			memcpy(a.bytes + rnd(&f->seed) % (op->size / 8) * 8,
			       &v, 8);
		else
			memcpy(a.bytes + rnd(&f->seed) % (op->size / 4) * 4,
			       &v, 4);
	}
	if (rnd(&f->seed) % 32 == 0)
		size = rnd(&f->seed) % 5000;
	/* A session that the test itself does not know could not be undone. */
	if (op->number == DMAPI_CREATE_SESSION) {
		a.create.newsidp = DM_PTR(f->room);
		if (a.create.oldsid && rnd(&f->seed) & 3)
			a.create.oldsid = f->sid[slot];
	}
	/* Nobody would answer. */
	if (op->number == DMAPI_SEND_MSG &&
	    a.send.msgtype == DMAPI_MSGTYPE_SYNC)
		a.send.msgtype = DMAPI_MSGTYPE_ASYNC;
	ret = sys_dmapi(op->number, &a, size, rnd(&f->seed) % 64 ? 0 :
			rnd(&f->seed));
	if ((op->number == DMAPI_SESSION_FD ||
	     op->number == DMAPI_OPEN_BY_HANDLE) && ret >= 0)
		close(ret);
	if (op->number == DMAPI_CREATE_SESSION && !ret) {
		memcpy(&sid, f->room, sizeof(sid));
		empty(f->sid[slot], 0);
		dmapi_destroy_session(f->sid[slot]);
		f->sid[slot] = sid;
	}
}

static long fuzzer(void *arg)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval it = { { 0, 20000 }, { 0, 20000 } };
	struct fuzz *f = arg;
	struct timespec t0, t;

	/* whoever waits for events is woken */
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	f->room = mmap(NULL, ROOM + 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	f->ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (f->room == MAP_FAILED || f->ro == MAP_FAILED)
		return -ENOMEM;
	munmap(f->room + ROOM, 4096);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	do {
		fuzz_once(f);
		clock_gettime(CLOCK_MONOTONIC, &t);
	} while (t.tv_sec - t0.tv_sec < FUZZ_SECONDS);
	return 0;
}

TEST_F_TIMEOUT(hostile, nonsense, 120)
{
	const char *s = getenv("DM_SEED");
	unsigned int seed = s ? strtoul(s, NULL, 0) :
				  (unsigned long)time(NULL);
	__s32 *sid = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	static __s32 ids[4096];
	struct fuzz f = { .t = self, .sid = sid };
	struct dmapi_object o;
	pid_t pid[FUZZERS];
	__u32 n, i;

	ASSERT_NE(MAP_FAILED, sid);
	TH_LOG("DM_SEED=%u", seed);
	for (i = 0; i < NSID; i++)
		ASSERT_EQ(0, dmapi_create_session(0, "fuzz", &sid[i]));
	for (i = 0; i < FUZZERS; i++) {
		f.seed = seed + i * 7919;
		pid[i] = dm_spawn(fuzzer, &f);
	}
	for (i = 0; i < FUZZERS; i++)
		EXPECT_EQ(0, dm_wait(pid[i], (FUZZ_SECONDS + 60) * 1000));
	/* All of it still works. */
	ASSERT_EQ(0, dmapi_getall_sessions(4096, ids, &n));
	for (i = 0; i < n; i++) {
		empty(ids[i], 0);
		if (ids[i] != self->sid)
			EXPECT_EQ(0, dmapi_destroy_session(ids[i]));
	}
	dmapi_destroy_session(self->sid);
	ASSERT_EQ(0, dmapi_create_session(0, "after", &self->sid));
	close(self->fd);
	ASSERT_EQ(0, dm_remount(0, "dmapi"));
	o = dm_obj(self->sid, &self->f.h);
	EXPECT_EQ(0, dm_disarm(&o));
	EXPECT_EQ(0, truncate(self->f.path, 0));
	EXPECT_EQ(0, truncate(self->f.path, 65536));
	self->fd = open(self->f.path, O_RDWR);
	dm_rm_attrs(self->f.path);
	dm_rm_attrs(self->dir);
}

TEST_HARNESS_MAIN
