// SPDX-License-Identifier: GPL-2.0-only
/*
 * manifest.c - what an archived copy says of itself
 *
 * A manifest begins with 4096 bytes of text that head(1) shows: the object's
 * name and size, the times the file had when it was copied, and what a person
 * needs to find the file again if all else is lost.  Behind it follows the
 * table of checksums, one big-endian CRC-32C for each chunk of the copy, at
 * places that can be computed: a recall of one chunk of a large file reads
 * four bytes of it.
 *
 * The last line of the text is its own checksum; empty lines fill the rest.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hsm.h"

#define FIRST	"xfs_hsm manifest 1\n"

/* What is not a plain character is %XX, so that a path stays on its line. */
static void path_encode(char *out, size_t room, const char *path)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (; *path && n + 4 < room; path++) {
		unsigned char c = (unsigned char)*path;

		if (c > ' ' && c < 0x7f && c != '%') {
			out[n++] = (char)c;
		} else {
			out[n++] = '%';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		}
	}
	out[n] = '\0';
}

static void path_decode(char *out, size_t room, const char *in)
{
	size_t n = 0;

	while (*in && n + 1 < room) {
		unsigned int c;

		if (*in == '%' && sscanf(in + 1, "%2x", &c) == 1) {
			out[n++] = (char)c;
			in += strlen(in) < 3 ? strlen(in) : 3;
		} else {
			out[n++] = *in++;
		}
	}
	out[n] = '\0';
}

int manifest_format(const struct manifest *m, char text[MANIFEST_TEXT])
{
	char name[OBJNAME_MAX], uuid[37], path[2 * sizeof(m->path)];
	int n;

	archive_object_name(name, &m->key);
	uuid_string(uuid, m->uuid);
	path_encode(path, sizeof(path), m->path);
	memset(text, '\n', MANIFEST_TEXT);
	n = snprintf(text, MANIFEST_TEXT,
		     FIRST
		     "archive %s\n"
		     "object %s\n"
		     "size %" PRIu64 "\n"
		     "chunk %" PRIu32 "\n"
		     "checksum crc32c\n"
		     "table %08" PRIx32 "\n"
		     "mtime %" PRId64 ".%09ld\n"
		     "ctime %" PRId64 ".%09ld\n"
		     "mode %o\n"
		     "owner %u.%u\n"
		     "path %s\n",
		     uuid, name, m->size, m->chunk, m->table_crc,
		     (int64_t)m->mtime.tv_sec, m->mtime.tv_nsec,
		     (int64_t)m->ctime.tv_sec, m->ctime.tv_nsec,
		     m->mode, m->uid, m->gid, path);
	if (n < 0 || n > MANIFEST_TEXT - 32)
		return -1;
	n += snprintf(text + n, 32, "end %08" PRIx32 "\n",
		      crc32c(0, text, (size_t)n));
	text[n] = '\n';		/* not the NUL */
	return 0;
}

/* NULL, or what is wrong with it. */
const char *manifest_parse(struct manifest *m, const char text[MANIFEST_TEXT])
{
	char buf[MANIFEST_TEXT + 1], uuid[37], path[MANIFEST_TEXT];
	char *end;
	uint32_t crc;
	int64_t msec, csec;
	int n;

	memset(m, 0, sizeof(*m));
	memcpy(buf, text, MANIFEST_TEXT);
	buf[MANIFEST_TEXT] = '\0';
	if (strncmp(buf, FIRST, strlen(FIRST)))
		return "is no manifest of this program's";
	end = strstr(buf, "\nend ");
	if (!end || sscanf(end + 5, "%8" SCNx32, &crc) != 1)
		return "has no end";
	end++;
	if (crc != crc32c(0, buf, (size_t)(end - buf)))
		return "is damaged: its checksum is wrong";
	*end = '\0';
	path[0] = '\0';
	n = sscanf(buf + strlen(FIRST),
		   "archive %36s\n"
		   "object %" SCNx64 "/%" SCNu64 ".%" SCNu32 "/%" SCNu32 "\n"
		   "size %" SCNu64 "\n"
		   "chunk %" SCNu32 "\n"
		   "checksum crc32c\n"
		   "table %" SCNx32 "\n"
		   "mtime %" SCNd64 ".%ld\n"
		   "ctime %" SCNd64 ".%ld\n"
		   "mode %o\n"
		   "owner %u.%u\n"
		   "path %4095s\n",
		   uuid, &m->key.fsid, &m->key.ino, &m->key.gen,
		   &m->key.version, &m->size, &m->chunk, &m->table_crc,
		   &msec, &m->mtime.tv_nsec, &csec, &m->ctime.tv_nsec,
		   &m->mode, &m->uid, &m->gid, path);
	if (n < 15 || uuid_parse(m->uuid, uuid) || !m->key.version)
		return "lacks something";
	if (m->chunk < 4096 || m->chunk > BATCH || BATCH % m->chunk)
		return "has a chunk size that this program cannot use";
	m->mtime.tv_sec = (time_t)msec;
	m->ctime.tv_sec = (time_t)csec;
	path_decode(m->path, sizeof(m->path), path);
	return NULL;
}
