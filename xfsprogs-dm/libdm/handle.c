// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles: made by the kernel, taken apart here
 *
 * A file system's handle is its fsid, 8 bytes; an object's is a dm_handle_t,
 * 24 bytes.  The global handle is a pointer value and never dereferenced.
 */
#include <stdlib.h>
#include <string.h>
#include "libdm.h"

/* dm_fid_len of every handle: what follows the length itself */
#define FID_LEN	(sizeof(dm_fid_t) - offsetof(dm_fid_t, dm_fid_pad))

static int is_global(const void *hanp, size_t hlen)
{
	return hanp == DM_GLOBAL_HANP && hlen == DM_GLOBAL_HLEN;
}

static int bad_handle(void)
{
	errno = EBADF;
	return -1;
}

/* Fetch a handle of any kind; what it does not have is 0. */
static int get_handle(dm_handle_t *h, const void *hanp, size_t hlen)
{
	memset(h, 0, sizeof(*h));
	if (hlen != DM_FSHSIZE && hlen != sizeof(*h))
		return bad_handle();
	if (libdm_copy(h, hanp, hlen))
		return -1;
	if (hlen == sizeof(*h) &&
	    (h->ha_fid.dm_fid_len != FID_LEN || h->ha_fid.dm_fid_pad != 0))
		return bad_handle();
	return 0;
}

/* Fetch the handle of an object */
static int get_object(dm_handle_t *h, const void *hanp, size_t hlen)
{
	if (hlen == DM_FSHSIZE)
		return bad_handle();
	return get_handle(h, hanp, hlen);
}

/* Where the result cannot go nothing is done. */
static int check_result(void **hanpp, size_t *hlenp)
{
	if (libdm_copy(hanpp, hanpp, sizeof(*hanpp)))
		return -1;
	return libdm_copy(hlenp, hlenp, sizeof(*hlenp));
}

/* Give the caller a handle of its own. */
static int give_handle(const dm_handle_t *h, size_t hlen, void **hanpp,
		size_t *hlenp)
{
	void *hanp = malloc(hlen);

	if (!hanp)
		return -1;
	*hanpp = memcpy(hanp, h, hlen);
	*hlenp = hlen;
	return 0;
}

/*
 * Have the kernel make a handle; @hanp and @arghlenp are where the structure
 * has its pointers.
 */
static int kernel_handle(unsigned int op, void *arg, size_t size, __u64 *hanp,
		__u64 *arghlenp, void **hanpp, size_t *hlenp)
{
	dm_handle_t h;
	__u64 hlen = 0;

	if (check_result(hanpp, hlenp))
		return -1;
	*hanp = dm_ptr(&h);
	*arghlenp = dm_ptr(&hlen);
	if (dm_call(op, arg, size))
		return -1;
	return give_handle(&h, hlen, hanpp, hlenp);
}

static int path_handle(unsigned int op, const char *path, void **hanpp,
		size_t *hlenp)
{
	struct dmapi_path_to_handle arg = { .path = dm_ptr(path) };

	return kernel_handle(op, &arg, sizeof(arg), &arg.hanp, &arg.hlenp,
			hanpp, hlenp);
}

int dm_path_to_handle(char *path, void **hanpp, size_t *hlenp)
{
	return path_handle(DMAPI_PATH_TO_HANDLE, path, hanpp, hlenp);
}

int dm_path_to_fshandle(char *path, void **hanpp, size_t *hlenp)
{
	return path_handle(DMAPI_PATH_TO_FSHANDLE, path, hanpp, hlenp);
}

int dm_fd_to_handle(int fd, void **hanpp, size_t *hlenp)
{
	struct dmapi_fd_to_handle arg = { .fd = fd };

	return kernel_handle(DMAPI_FD_TO_HANDLE, &arg, sizeof(arg), &arg.hanp,
			&arg.hlenp, hanpp, hlenp);
}

int dm_handle_to_fshandle(void *hanp, size_t hlen, void **fshanpp,
		size_t *fshlenp)
{
	dm_handle_t h;

	if (get_handle(&h, hanp, hlen) || check_result(fshanpp, fshlenp))
		return -1;
	return give_handle(&h, DM_FSHSIZE, fshanpp, fshlenp);
}

int dm_handle_to_fsid(void *hanp, size_t hlen, dm_fsid_t *fsidp)
{
	dm_handle_t h;

	if (get_handle(&h, hanp, hlen))
		return -1;
	return libdm_copy(fsidp, &h.ha_fsid, sizeof(*fsidp));
}

int dm_handle_to_ino(void *hanp, size_t hlen, dm_ino_t *inop)
{
	dm_handle_t h;

	if (get_object(&h, hanp, hlen))
		return -1;
	return libdm_copy(inop, &h.ha_fid.dm_fid_ino, sizeof(*inop));
}

int dm_handle_to_igen(void *hanp, size_t hlen, dm_igen_t *igenp)
{
	dm_handle_t h;

	if (get_object(&h, hanp, hlen))
		return -1;
	return libdm_copy(igenp, &h.ha_fid.dm_fid_gen, sizeof(*igenp));
}

int dm_make_handle(dm_fsid_t *fsidp, dm_ino_t *inop, dm_igen_t *igenp,
		void **hanpp, size_t *hlenp)
{
	dm_handle_t h = { .ha_fid.dm_fid_len = FID_LEN };

	if (libdm_copy(&h.ha_fsid, fsidp, sizeof(*fsidp)) ||
	    libdm_copy(&h.ha_fid.dm_fid_ino, inop, sizeof(*inop)) ||
	    libdm_copy(&h.ha_fid.dm_fid_gen, igenp, sizeof(*igenp)) ||
	    check_result(hanpp, hlenp))
		return -1;
	return give_handle(&h, sizeof(h), hanpp, hlenp);
}

int dm_make_fshandle(dm_fsid_t *fsidp, void **hanpp, size_t *hlenp)
{
	dm_handle_t h = { };

	if (libdm_copy(&h.ha_fsid, fsidp, sizeof(*fsidp)) ||
	    check_result(hanpp, hlenp))
		return -1;
	return give_handle(&h, DM_FSHSIZE, hanpp, hlenp);
}

int dm_open_by_handle(void *hanp, size_t hlen, int mode)
{
	struct dmapi_open_by_handle arg = {
		.obj = dm_object(DM_NO_SESSION, DM_NO_TOKEN, hanp, hlen),
		.flags = mode,
	};

	return dm_call(DMAPI_OPEN_BY_HANDLE, &arg, sizeof(arg));
}

int dm_handle_to_path(void *dirhanp, size_t dirhlen, void *targhanp,
		size_t targhlen, size_t buflen, char *pathbufp, size_t *rlenp)
{
	struct dmapi_handle_to_path arg = {
		.obj = dm_object(DM_NO_SESSION, DM_NO_TOKEN, dirhanp, dirhlen),
		.targhanp = dm_ptr(targhanp),
		.targhlen = targhlen,
		.buflen = buflen,
		.pathbufp = dm_ptr(pathbufp),
	};

	return dm_call_len(DMAPI_HANDLE_TO_PATH, &arg, sizeof(arg), &arg.rlenp,
			rlenp);
}

static int create_by_handle(unsigned int op, const struct dmapi_object *dir,
		const void *hanp, size_t hlen, const char *cname,
		const char *path)
{
	struct dmapi_create_by_handle arg = {
		.obj = *dir,
		.targhanp = dm_ptr(hanp),
		.targhlen = hlen,
		.namep = dm_ptr(cname),
		.pathp = dm_ptr(path),
	};

	return dm_call(op, &arg, sizeof(arg));
}

int dm_create_by_handle(dm_sessid_t sid, void *dirhanp, size_t dirhlen,
		dm_token_t token, void *hanp, size_t hlen, char *cname)
{
	struct dmapi_object dir = dm_object(sid, token, dirhanp, dirhlen);

	return create_by_handle(DMAPI_CREATE_BY_HANDLE, &dir, hanp, hlen, cname,
			NULL);
}

int dm_mkdir_by_handle(dm_sessid_t sid, void *dirhanp, size_t dirhlen,
		dm_token_t token, void *hanp, size_t hlen, char *cname)
{
	struct dmapi_object dir = dm_object(sid, token, dirhanp, dirhlen);

	return create_by_handle(DMAPI_MKDIR_BY_HANDLE, &dir, hanp, hlen, cname,
			NULL);
}

int dm_symlink_by_handle(dm_sessid_t sid, void *dirhanp, size_t dirhlen,
		dm_token_t token, void *hanp, size_t hlen, char *cname,
		char *path)
{
	struct dmapi_object dir = dm_object(sid, token, dirhanp, dirhlen);

	return create_by_handle(DMAPI_SYMLINK_BY_HANDLE, &dir, hanp, hlen, cname,
			path);
}

/*
 * The rest has no errors to report and leaves errno alone.
 */

int dm_handle_cmp(void *hanp1, size_t hlen1, void *hanp2, size_t hlen2)
{
	int saved = errno, ret = 1;
	dm_handle_t h1, h2;

	if (is_global(hanp1, hlen1) && is_global(hanp2, hlen2))
		return 0;
	if (hlen1 == hlen2 && !get_handle(&h1, hanp1, hlen1) &&
	    !get_handle(&h2, hanp2, hlen2))
		ret = memcmp(&h1, &h2, sizeof(h1));
	errno = saved;
	return ret;
}

void dm_handle_free(void *hanp, size_t hlen)
{
	int saved = errno;
	dm_handle_t h;

	if (!get_handle(&h, hanp, hlen))
		free(hanp);
	errno = saved;
}

/* FNV-1a */
unsigned int dm_handle_hash(void *hanp, size_t hlen)
{
	unsigned int hash = 2166136261u;
	int saved = errno;
	dm_handle_t h;
	size_t i;

	if (!get_handle(&h, hanp, hlen))
		for (i = 0; i < hlen; i++)
			hash = (hash ^ ((unsigned char *)&h)[i]) * 16777619u;
	errno = saved;
	return hash;
}

dm_boolean_t dm_handle_is_valid(void *hanp, size_t hlen)
{
	int saved = errno;
	dm_handle_t h;
	int valid;

	if (is_global(hanp, hlen))
		return DM_TRUE;
	valid = !get_handle(&h, hanp, hlen) && h.ha_fsid != 0;
	errno = saved;
	return valid ? DM_TRUE : DM_FALSE;
}
