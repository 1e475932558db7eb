// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Attributes: of a file, of all objects of a file system, of the entries of a
 * directory
 *
 * On LP64 the kernel's structures are those of the interface.  Elsewhere a time_t
 * is narrower or aligned differently: the structure gets smaller, and what follows
 * it stays where it is.
 */
#include "libdm.h"

#ifdef __LP64__

static long stat_call(struct dmapi_get_fileattr *arg, dm_stat_t *statp)
{
	arg->statp = dm_ptr(statp);
	return dm_call(DMAPI_GET_FILEATTR, arg, sizeof(*arg));
}

static long bulk_done(long ret, void *bufp, const size_t *rlenp, int x)
{
	(void)bufp;
	(void)rlenp;
	(void)x;
	return ret;
}

#else

#include <string.h>

static void stat_convert(dm_stat_t *to, const struct dmapi_stat *from)
{
	memset(to, 0, sizeof(*to));
	to->_link = from->link;
	to->dt_handle.vd_offset = from->handle.offset;
	to->dt_handle.vd_length = from->handle.length;
	to->dt_compname.vd_offset = from->compname.offset;
	to->dt_compname.vd_length = from->compname.length;
	to->dt_nevents = from->nevents;
	to->dt_emask = from->emask;
	to->dt_pers = from->pers;
	to->dt_pmanreg = from->pmanreg;
	to->dt_dtime = from->dtime;
	to->dt_change = from->change;
	to->dt_dev = from->dev;
	to->dt_ino = from->ino;
	to->dt_mode = from->mode;
	to->dt_nlink = from->nlink;
	to->dt_uid = from->uid;
	to->dt_gid = from->gid;
	to->dt_rdev = from->rdev;
	to->dt_size = from->size;
	to->dt_atime = from->atime;
	to->dt_mtime = from->mtime;
	to->dt_ctime = from->ctime;
	to->dt_blksize = from->blksize;
	to->dt_blocks = from->blocks;
	to->dt_fstype = from->fstype;
	to->dt_xfs_igen = from->igen;
	to->dt_xfs_xflags = from->xflags;
	to->dt_xfs_extsize = from->extsize;
	to->dt_xfs_extents = from->extents;
	to->dt_xfs_aextents = from->aextents;
	to->dt_xfs_dmstate = from->dmstate;
}

static long stat_call(struct dmapi_get_fileattr *arg, dm_stat_t *statp)
{
	struct dmapi_stat st = { 0 };
	dm_stat_t to;

	arg->statp = dm_ptr(&st);
	if (dm_call(DMAPI_GET_FILEATTR, arg, sizeof(*arg)))
		return -1;
	stat_convert(&to, &st);
	return libdm_copy(statp, &to, sizeof(to));
}

/* Every record of a list that the kernel stored, in place; @x: dm_xstat_t */
static long bulk_done(long ret, void *bufp, const size_t *rlenp, int x)
{
	_Static_assert(sizeof(dm_xstat_t) <= sizeof(struct dmapi_xstat),
		       "no room for a record");
	struct dmapi_xstat from;
	dm_xstat_t to;
	char *p = bufp;

	if (ret < 0 || !*rlenp)
		return ret;
	do {
		memcpy(&from, p, x ? sizeof(from) : sizeof(from.stat));
		stat_convert(&to.dx_statinfo, &from.stat);
		if (x) {
			to.dx_attrdata.vd_offset = from.attrdata.offset;
			to.dx_attrdata.vd_length = from.attrdata.length;
		}
		memcpy(p, &to, x ? sizeof(to) : sizeof(to.dx_statinfo));
		p += from.stat.link;
	} while (from.stat.link);
	return ret;
}

#endif

int dm_get_fileattr(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int mask, dm_stat_t *statp)
{
	struct dmapi_get_fileattr arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.mask = mask,
	};

	return stat_call(&arg, statp);
}

int dm_set_fileattr(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int mask, dm_fileattr_t *attrp)
{
	struct dmapi_set_fileattr arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.mask = mask,
		.attrp = dm_ptr(attrp),
	};
#ifndef __LP64__
	struct dmapi_fileattr fa = { 0 };
	dm_fileattr_t from;

	if (libdm_copy(&from, attrp, sizeof(from)))
		return -1;
	fa.mode = from.fa_mode;
	fa.uid = from.fa_uid;
	fa.gid = from.fa_gid;
	fa.atime = from.fa_atime;
	fa.mtime = from.fa_mtime;
	fa.ctime = from.fa_ctime;
	fa.dtime = from.fa_dtime;
	fa.size = from.fa_size;
	arg.attrp = dm_ptr(&fa);
#endif
	return dm_call(DMAPI_SET_FILEATTR, &arg, sizeof(arg));
}

int dm_init_attrloc(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, dm_attrloc_t *locp)
{
	struct dmapi_init_attrloc arg = {
		.obj = dm_object(sid, token, hanp, hlen),
		.locp = dm_ptr(locp),
	};

	return dm_call(DMAPI_INIT_ATTRLOC, &arg, sizeof(arg));
}

/* All three calls; @attrnamep: of the one that has it, or NULL */
static int scan(unsigned int op, struct dmapi_object obj, unsigned int mask,
		dm_attrname_t *attrnamep, dm_attrloc_t *locp, size_t buflen,
		void *bufp, size_t *rlenp)
{
	struct dmapi_get_bulk arg = {
		.obj = obj,
		.mask = mask,
		.namep = dm_ptr(attrnamep),
		.locp = dm_ptr(locp),
		.buflen = buflen,
		.bufp = dm_ptr(bufp),
	};

	return bulk_done(dm_call_len(op, &arg, sizeof(arg), &arg.rlenp, rlenp),
			bufp, rlenp, op == DMAPI_GET_BULKALL);
}

int dm_get_bulkattr(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int mask, dm_attrloc_t *locp,
		size_t buflen, void *bufp, size_t *rlenp)
{
	return scan(DMAPI_GET_BULKATTR, dm_object(sid, token, hanp, hlen), mask,
			NULL, locp, buflen, bufp, rlenp);
}

int dm_get_bulkall(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int mask, dm_attrname_t *attrnamep,
		dm_attrloc_t *locp, size_t buflen, void *bufp, size_t *rlenp)
{
	return scan(DMAPI_GET_BULKALL, dm_object(sid, token, hanp, hlen), mask,
			attrnamep, locp, buflen, bufp, rlenp);
}

int dm_get_dirattrs(dm_sessid_t sid, void *hanp, size_t hlen,
		dm_token_t token, unsigned int mask, dm_attrloc_t *locp,
		size_t buflen, void *bufp, size_t *rlenp)
{
	return scan(DMAPI_GET_DIRATTRS, dm_object(sid, token, hanp, hlen), mask,
			NULL, locp, buflen, bufp, rlenp);
}
