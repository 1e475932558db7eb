/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hsm.h - what the files of xfs_hsm share
 *
 * xfs_hsm moves the data of files to an archive, which is a directory
 * somewhere else, and brings back what is asked for, when it is asked for.
 * Four things say where the bytes of a file are, and each has one owner:
 *
 *   the archive object	a plain copy of the file and a manifest with its
 *			checksums; complete and durable before anything else
 *			happens to the file (object.c)
 *   the HSMID attribute	names the object that holds the file's data; a DM
 *			attribute, so it lives and dies with the file (hsmid.c)
 *   the managed regions	READ is armed wherever data may be gone from the
 *			disk; nobody but this program disarms it (dmfile.c)
 *   the kernel's spans	which bytes really are gone (map.c)
 *
 * and one lock keeps whoever moves bytes of a file from treading on another:
 * an open-file-description lock on the same bytes of the archive object
 * (object_lock()).  It is held between threads and between processes, and ends
 * with its holder, however that dies.
 *
 * Functions return 0 or -1 with errno, and say what went wrong where they know
 * most about it: the caller only adds what it does not tell.
 */
#ifndef XFS_HSM_H
#define XFS_HSM_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include <dmapi_ext.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Bytes moved at a time; a multiple of every granule we meet. */
#define BATCH		(1U << 20)

/* Where the kernel's granule cannot be asked: its smallest. */
#define GRANULE		(64U << 10)

/* The end of a region without end. */
#define FOREVER		UINT64_MAX

static inline uint64_t round_down_to(uint64_t x, uint64_t unit)
{
	return x - x % unit;
}

static inline uint64_t round_up_to(uint64_t x, uint64_t unit)
{
	uint64_t r = x % unit;

	if (!r)
		return x;
	return x > FOREVER - unit ? FOREVER : x + unit - r;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* --- report.c: what people and programs are told ------------------------ */

/* Lines carry a time stamp (the daemon) instead of the program's name. */
extern bool report_timestamps;

void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *human_size(char buf[16], uint64_t bytes);
void json_string(FILE *out, const char *s);

struct progress {
	const char	*what;
	uint64_t	done;
	uint64_t	total;
	struct timespec	start;
	struct timespec	shown;
	bool		on;
	bool		counts;		/* inodes, not bytes */
};

void progress_start(struct progress *p, const char *what, uint64_t total);
void progress_add(struct progress *p, uint64_t bytes);
void progress_end(struct progress *p);

/* Set by SIGINT and SIGTERM; long work ends with EINTR. */
extern volatile sig_atomic_t interrupted;
void catch_interrupts(void);

/* --- crc32c.c ----------------------------------------------------------- */

uint32_t crc32c(uint32_t crc, const void *data, size_t len);
bool crc32c_works(void);

/* --- archive.c: the directory ------------------------------------------- */

struct archive {
	int		dirfd;
	const char	*path;
	unsigned char	uuid[16];
};

/* Which object: the file it was made of, and the how-manieth copy. */
struct objkey {
	uint64_t	fsid;
	uint64_t	ino;
	uint32_t	gen;
	uint32_t	version;	/* from 1 */
};

/* Room for an object's name and a suffix. */
#define OBJNAME_MAX	96

int archive_open(struct archive *a, const char *path, bool create);
void archive_close(struct archive *a);
void archive_object_name(char name[OBJNAME_MAX], const struct objkey *key);
int archive_object_dir(struct archive *a, const struct objkey *key,
		bool create);
int archive_newest(struct archive *a, const struct objkey *key,
		uint32_t *version);
void uuid_string(char buf[37], const unsigned char uuid[16]);
int uuid_parse(unsigned char uuid[16], const char *s);

/* --- object.c, manifest.c: one copy of one file -------------------------- */

struct manifest {
	struct objkey	key;
	unsigned char	uuid[16];	/* of the archive */
	uint64_t	size;		/* bytes */
	uint32_t	chunk;		/* bytes that a checksum is over */
	uint32_t	table_crc;	/* of the table of checksums */
	struct timespec	mtime;		/* of the file when it was copied */
	struct timespec	ctime;
	unsigned int	mode, uid, gid;	/* informative */
	char		path[1024];	/* informative */
};

/* Bytes of the manifest's text; the table of checksums follows. */
#define MANIFEST_TEXT	4096

int manifest_format(const struct manifest *m, char text[MANIFEST_TEXT]);
const char *manifest_parse(struct manifest *m, const char text[MANIFEST_TEXT]);

struct object {
	int		fd;		/* the data */
	int		mfd;		/* the manifest */
	struct manifest	m;
	char		name[OBJNAME_MAX];
};

int object_open(struct archive *a, const struct objkey *key,
		struct object *o);
void object_close(struct object *o);
ssize_t object_read(struct object *o, uint64_t off, size_t len, void *buf);
int object_lock(struct object *o, uint64_t off, uint64_t end);
void object_unlock(struct object *o);
int object_verify(struct object *o, struct progress *p);
int object_remove(struct archive *a, const struct objkey *key);

/* A copy being made: nothing but a temporary name until it is committed. */
struct objwriter {
	struct archive	*archive;
	struct manifest	m;
	int		dirfd;
	int		fd;
	uint32_t	*table;
	size_t		chunks;
	uint64_t	written;
	char		tmp[64];
};

int object_create(struct archive *a, const struct manifest *m,
		struct objwriter *w);
int object_append(struct objwriter *w, const void *buf, size_t len);
int object_commit(struct objwriter *w);
void object_abandon(struct objwriter *w);

/* --- hsmid.c: the DM attribute ------------------------------------------- */

struct handle {
	size_t		len;
	unsigned char	bytes[DM_MAX_HANDLE_SIZE];
};

struct hsmid {
	unsigned char	uuid[16];	/* of the archive */
	struct objkey	key;
	uint64_t	size;		/* of the copy, bytes */
	uint32_t	granule;	/* of punching, bytes */
};

extern const dm_attrname_t hsmid_name;

int hsmid_get(dm_sessid_t sid, const struct handle *h, struct hsmid *id);
int hsmid_set(dm_sessid_t sid, const struct handle *h,
		const struct hsmid *id);
bool hsmid_same(const struct hsmid *a, const struct hsmid *b);

/* --- dmfile.c: a file as the DM interface sees it ------------------------ */

struct dmfile {
	const char	*path;
	int		fd;
	struct handle	h;
	struct stat	st;
};

/* Half open, in ascending order, disjoint; FOREVER is no end. */
struct range {
	uint64_t	off;
	uint64_t	end;
};

struct ranges {
	struct range	*v;
	size_t		n;
};

int session_begin(const char *command, dm_sessid_t *sid);
void session_end(dm_sessid_t sid);
int session_list(dm_sessid_t **sids, unsigned int *n);

int dmfile_open(struct dmfile *f, const char *path);
void dmfile_close(struct dmfile *f);
int dmfile_by_handle(const char *mountpoint, const struct handle *h);
int dmfile_key(const struct handle *h, struct objkey *key);
uint32_t dmfile_granule(dm_sessid_t sid, const struct handle *h);

int regions_get(dm_sessid_t sid, const struct handle *h, dm_region_t **regs,
		unsigned int *n);
int regions_set(dm_sessid_t sid, const struct handle *h,
		const dm_region_t *regs, unsigned int n);
int ranges_armed(dm_sessid_t sid, const struct handle *h, uint64_t from,
		uint64_t to, struct ranges *out);
uint64_t ranges_bytes(const struct ranges *r);

/* --- map.c ---------------------------------------------------------------- */

enum where { RESIDENT, HOLE, ARMED, OFFLINE, WHERES };

struct piece {
	uint64_t	off;
	uint64_t	end;
	enum where	w;
};

struct map {
	struct piece	*v;
	size_t		n, room;
	uint64_t	bytes[WHERES];
};

int map_range(dm_sessid_t sid, const struct handle *h, int fd,
		const struct ranges *armed, uint64_t off, uint64_t end,
		struct map *m);
int map_offline(dm_sessid_t sid, const struct handle *h, int fd);

/* --- recall.c ------------------------------------------------------------ */

struct recall {
	struct archive	*archive;
	dm_sessid_t	sid;
	const struct handle *h;
	int		fd;		/* the file, to look at */
	struct hsmid	id;		/* recall_look() */
	uint64_t	bytes;		/* brought back so far */
};

int recall_look(struct recall *r);
int recall_range(struct recall *r, uint64_t off, uint64_t end);
int recall_settle(struct recall *r);
int recall_whole(struct recall *r, const char *path);

/* --- scan.c: everything that has DM state ---------------------------------- */

struct fsinfo {
	const char	*path;
	struct handle	h;
	uint64_t	fsid;
	bool		marked;
	dm_eventset_t	events;
	dm_eventset_t	born;		/* what new files begin with, and */
	unsigned int	born_regions;	/* DM_REGION_* */
	dm_inherit_t	inherit[64];	/* as many as there may be */
	unsigned int	ninherit;
	unsigned int	rights;		/* lines in /proc */
	unsigned int	waiters;
};

struct objstate {
	struct handle	h;
	uint64_t	ino;
	uint32_t	gen;
	mode_t		mode;
	uint64_t	size;
	char		*path;		/* NULL: not known */
	uint64_t	offline;	/* bytes */
	unsigned int	spans;		/* pieces that are offline */
	unsigned int	nregs;
	dm_eventset_t	events;		/* its event list */
	dm_eventset_t	born;		/* of a directory, as above */
	unsigned int	born_regions;
	bool		kept;		/* there is a witness of something */
	dm_attrname_t	*attrs;
	unsigned int	nattrs;
};

/* Anything but DM attributes? */
static inline bool objstate_any(const struct objstate *x)
{
	return x->kept || x->nregs || x->offline || x->events || x->born ||
	       x->born_regions;
}

struct scan {
	struct objstate	*v;
	size_t		n, room;
	uint64_t	objects;	/* looked at */
	unsigned int	failed;		/* could not be */
};

int fsinfo_open(struct fsinfo *fs, const char *path);
int fsinfo_get(dm_sessid_t sid, struct fsinfo *fs);
int scan_fs(struct scan *s, dm_sessid_t sid, const struct fsinfo *fs);
void scan_names(struct scan *s, const struct fsinfo *fs);
void scan_free(struct scan *s);
void objstate_free(struct objstate *x);
const char *objstate_name(const struct objstate *x, char buf[64]);

/* --- event.c: one event, from the message to the answer ------------------- */

struct options;

struct event {
	dm_eventtype_t	type;
	dm_token_t	token;
	struct handle	h;
	uint64_t	off;
	uint64_t	len;
};

struct tally {
	_Atomic uint64_t answered;
	_Atomic uint64_t refused;
	_Atomic uint64_t bytes;		/* recalled */
};

bool event_parse(const dm_eventmsg_t *msg, size_t len, struct event *ev);
void event_answer(struct options *o, const struct event *ev, struct tally *t);

/* --- The commands; the rest of main()'s table ---------------------------- */

struct options {
	struct archive	archive;	/* dirfd -1: none was given */
	dm_sessid_t	sid;
	bool		json;
	bool		quiet;
	bool		compare;
	bool		keep;
	bool		recall;
	bool		dry_run;
	bool		attributes;
	uint64_t	stub;
	/* of the daemon */
	const char	*name;
	const char	*ready_file;
	unsigned int	workers;
	unsigned int	delay_ms;
	char		**mounts;
	int		nmounts;
};

int migrate_file(struct options *o, const char *path);
int release_file(struct options *o, const char *path);
int recall_file(struct options *o, const char *path);
int status_file(struct options *o, const char *path);
int verify_file(struct options *o, const char *path);
int manage_fs(struct options *o, const char *path);
int unmanage_fs(struct options *o, const char *path);
int list_state_fs(struct options *o, const char *path);
int leave_fs(struct options *o, const char *path);
int daemon_run(struct options *o);

#endif /* XFS_HSM_H */
