CREATE INDEX attempts_by_end ON attempts (ended_at)
CREATE INDEX collections_of_a_drop ON collections (drop_id)
CREATE INDEX collections_unfinished ON collections (session_id, state) WHERE state IN ('queued', 'running', 'waiting')
CREATE INDEX drops_of_a_session ON drops (session_id, name)
CREATE INDEX entries_being_removed ON entries (collection_id) WHERE removal = 'pending'
CREATE INDEX entries_in_order ON entries (collection_id, position)
CREATE INDEX entries_of_a_job ON entries (job_id)
CREATE INDEX events_of_a_job ON events (job_id)
CREATE INDEX events_of_a_session ON events (session_id) WHERE job_id IS NULL
CREATE INDEX jobs_finalized ON jobs (session_id, finalized_at) WHERE finalized_at IS NOT NULL
CREATE INDEX jobs_held ON jobs (session_id, priority DESC, id) WHERE state = 'held'
CREATE INDEX jobs_of_a_drop ON jobs (drop_id)
CREATE INDEX jobs_of_a_session ON jobs (session_id, id)
CREATE INDEX jobs_queued ON jobs (session_id, priority DESC, id) WHERE state = 'queued'
CREATE INDEX jobs_running ON jobs (session_id, id) WHERE state = 'running'
CREATE INDEX jobs_waiting ON jobs (retry_at) WHERE state = 'waiting'
CREATE INDEX jobs_waiting_in_a_session ON jobs (session_id, priority DESC, id) WHERE state = 'waiting'
CREATE INDEX lines_of_a_collection ON lines (collection_id) WHERE collection_id IS NOT NULL
CREATE INDEX lines_of_a_job ON lines (job_id)
CREATE INDEX sessions_by_name ON sessions (name)
CREATE INDEX sessions_by_turn ON sessions (turn)
CREATE INDEX sessions_in_turn ON sessions (turn) WHERE queued > 0
CREATE INDEX subscriptions_due ON subscriptions (next_lived) WHERE state = 'active'
CREATE TABLE archive (
	video_id TEXT NOT NULL, 
	session TEXT DEFAULT '' NOT NULL, 
	added_at FLOAT NOT NULL, 
	found_in TEXT NOT NULL, 
	path BLOB, 
	PRIMARY KEY (video_id, session)
)
 WITHOUT ROWID
CREATE TABLE attempts (
	job_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	host TEXT NOT NULL, 
	engine TEXT, 
	started_at FLOAT NOT NULL, 
	ended_at FLOAT, 
	downloaded_bytes INTEGER, 
	kind TEXT, 
	code TEXT, 
	message TEXT, 
	log_tail TEXT, 
	signature TEXT, 
	charged INTEGER DEFAULT '0' NOT NULL, 
	egress TEXT, 
	PRIMARY KEY (job_id, number), 
	FOREIGN KEY(job_id) REFERENCES jobs (id)
)
CREATE TABLE collections (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	uuid TEXT NOT NULL, 
	session_id INTEGER NOT NULL, 
	drop_id INTEGER, 
	drop_line INTEGER, 
	drop_part INTEGER, 
	kind TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	url TEXT NOT NULL, 
	is_music BOOLEAN DEFAULT false NOT NULL, 
	options JSON NOT NULL, 
	profile TEXT NOT NULL, 
	priority INTEGER NOT NULL, 
	selection JSON NOT NULL, 
	selection_digest TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempt INTEGER DEFAULT '0' NOT NULL, 
	asked_attempt INTEGER DEFAULT '0' NOT NULL, 
	charged INTEGER DEFAULT '0' NOT NULL, 
	crashes INTEGER DEFAULT '0' NOT NULL, 
	retry_at FLOAT, 
	pending_lived FLOAT NOT NULL, 
	host TEXT, 
	title TEXT, 
	channel TEXT, 
	album JSON, 
	entry_count INTEGER, 
	is_cut BOOLEAN DEFAULT false NOT NULL, 
	error_kind TEXT, 
	error_code TEXT, 
	error_message TEXT, 
	error_hint TEXT, 
	created_at FLOAT NOT NULL, 
	started_at FLOAT, 
	listed_at FLOAT, 
	finalized_at FLOAT, 
	CONSTRAINT collections_one_selection_in_a_session UNIQUE (session_id, "key", profile, selection_digest), 
	UNIQUE (uuid), 
	FOREIGN KEY(session_id) REFERENCES sessions (id), 
	FOREIGN KEY(drop_id) REFERENCES drops (id)
)
CREATE TABLE drops (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	session_id INTEGER NOT NULL, 
	name BLOB NOT NULL, 
	sha256 TEXT NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	received_at FLOAT NOT NULL, 
	state TEXT NOT NULL, 
	cursor INTEGER DEFAULT '0' NOT NULL, 
	accepted INTEGER DEFAULT '0' NOT NULL, 
	duplicate INTEGER DEFAULT '0' NOT NULL, 
	rejected INTEGER DEFAULT '0' NOT NULL, 
	filed_name BLOB, 
	at_root BOOLEAN DEFAULT false NOT NULL, 
	reason TEXT, 
	received_lived FLOAT DEFAULT '0' NOT NULL, 
	cursor_part INTEGER DEFAULT '0' NOT NULL, 
	FOREIGN KEY(session_id) REFERENCES sessions (id)
)
CREATE TABLE entries (
	collection_id INTEGER NOT NULL, 
	video_id TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	title TEXT, 
	duration_s FLOAT, 
	upload_date TEXT, 
	track INTEGER, 
	unavailable TEXT DEFAULT '' NOT NULL, 
	skipped TEXT, 
	job_id INTEGER, 
	attempt INTEGER NOT NULL, 
	first_seen_at FLOAT NOT NULL, 
	gone_at FLOAT, 
	removal TEXT, 
	PRIMARY KEY (collection_id, video_id), 
	FOREIGN KEY(collection_id) REFERENCES collections (id), 
	FOREIGN KEY(job_id) REFERENCES jobs (id)
)
 WITHOUT ROWID
CREATE TABLE events (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at FLOAT NOT NULL, 
	session_id INTEGER NOT NULL, 
	job_id INTEGER, 
	drop_id INTEGER, 
	from_state TEXT, 
	to_state TEXT, 
	attempt INTEGER, 
	reason TEXT NOT NULL, 
	collection_id INTEGER
)
CREATE TABLE gates (
	name TEXT NOT NULL, 
	code TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	hint TEXT NOT NULL, 
	closed_at FLOAT NOT NULL, 
	until FLOAT NOT NULL, 
	closures INTEGER NOT NULL, 
	probe_job_id INTEGER, 
	PRIMARY KEY (name)
)
CREATE TABLE jobs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	uuid TEXT NOT NULL, 
	session_id INTEGER NOT NULL, 
	drop_id INTEGER, 
	drop_line INTEGER, 
	video_id TEXT NOT NULL, 
	audio_key TEXT NOT NULL, 
	options JSON NOT NULL, 
	priority INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	phase TEXT, 
	cancel_requested BOOLEAN DEFAULT false NOT NULL, 
	attempt INTEGER DEFAULT '0' NOT NULL, 
	charged INTEGER DEFAULT '0' NOT NULL, 
	crashes INTEGER DEFAULT '0' NOT NULL, 
	retry_at FLOAT, 
	pending_lived FLOAT NOT NULL, 
	host TEXT, 
	title TEXT, 
	artist TEXT, 
	duration_s FLOAT, 
	view_count INTEGER, 
	error_kind TEXT, 
	error_code TEXT, 
	error_message TEXT, 
	error_hint TEXT, 
	output_path TEXT, 
	file_size_bytes INTEGER, 
	sha256 TEXT, 
	created_at FLOAT NOT NULL, 
	started_at FLOAT, 
	finalized_at FLOAT, 
	drop_part INTEGER, 
	is_music BOOLEAN DEFAULT false NOT NULL, 
	with_cookies BOOLEAN DEFAULT false NOT NULL, 
	collection_id INTEGER, 
	collection_position INTEGER, 
	CONSTRAINT jobs_one_audio_in_a_session UNIQUE (session_id, audio_key), 
	UNIQUE (uuid), 
	FOREIGN KEY(session_id) REFERENCES sessions (id), 
	FOREIGN KEY(drop_id) REFERENCES drops (id), 
	FOREIGN KEY(collection_id) REFERENCES collections (id)
)
CREATE TABLE library_collections (
	collection_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	playlist TEXT, 
	cover TEXT, 
	cover_identity TEXT, 
	PRIMARY KEY (collection_id), 
	FOREIGN KEY(collection_id) REFERENCES collections (id)
)
CREATE TABLE lines (
	drop_id INTEGER NOT NULL, 
	line INTEGER NOT NULL, 
	part INTEGER DEFAULT '0' NOT NULL, 
	text TEXT NOT NULL, 
	result TEXT NOT NULL, 
	code TEXT, 
	message TEXT, 
	again TEXT, 
	job_id INTEGER, 
	collection_id INTEGER, 
	PRIMARY KEY (drop_id, line, part), 
	FOREIGN KEY(drop_id) REFERENCES drops (id), 
	FOREIGN KEY(job_id) REFERENCES jobs (id), 
	FOREIGN KEY(collection_id) REFERENCES collections (id)
)
 WITHOUT ROWID
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
)
CREATE TABLE outages (
	site TEXT NOT NULL, 
	state TEXT NOT NULL, 
	signature TEXT NOT NULL, 
	message TEXT NOT NULL, 
	began_at FLOAT NOT NULL, 
	changed_at FLOAT NOT NULL, 
	probe_at FLOAT NOT NULL, 
	rounds INTEGER NOT NULL, 
	is_settled BOOLEAN NOT NULL, 
	PRIMARY KEY (site)
)
CREATE TABLE pace (
	site TEXT NOT NULL, 
	tokens FLOAT NOT NULL, 
	filled_at FLOAT NOT NULL, 
	PRIMARY KEY (site)
)
CREATE TABLE pins (
	job_id INTEGER NOT NULL, 
	pinned_at FLOAT NOT NULL, 
	PRIMARY KEY (job_id), 
	FOREIGN KEY(job_id) REFERENCES jobs (id)
)
CREATE TABLE sessions (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	uuid TEXT NOT NULL, 
	name TEXT NOT NULL, 
	state TEXT NOT NULL, 
	created_at FLOAT NOT NULL, 
	last_activity_at FLOAT NOT NULL, 
	last_activity_lived FLOAT NOT NULL, 
	max_jobs INTEGER, 
	max_bytes INTEGER, 
	ttl_s FLOAT, 
	on_expiry TEXT, 
	used_bytes INTEGER DEFAULT '0' NOT NULL, 
	accepted INTEGER DEFAULT '0' NOT NULL, 
	removal TEXT, 
	turn INTEGER DEFAULT '0' NOT NULL, 
	queued INTEGER DEFAULT '0' NOT NULL, 
	held INTEGER DEFAULT '0' NOT NULL, 
	running INTEGER DEFAULT '0' NOT NULL, 
	waiting INTEGER DEFAULT '0' NOT NULL, 
	completed INTEGER DEFAULT '0' NOT NULL, 
	failed INTEGER DEFAULT '0' NOT NULL, 
	cancelled INTEGER DEFAULT '0' NOT NULL, 
	key_sha256 TEXT, 
	cookies_given_at FLOAT, 
	cookies_state TEXT, 
	cookies_problem TEXT, 
	subscriptions INTEGER DEFAULT '0' NOT NULL, 
	UNIQUE (uuid)
)
CREATE TABLE shelf (
	job_id INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	identity TEXT NOT NULL, 
	PRIMARY KEY (job_id), 
	FOREIGN KEY(job_id) REFERENCES jobs (id)
)
CREATE TABLE subscriptions (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	collection_id INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	interval_s FLOAT NOT NULL, 
	keep_last INTEGER, 
	look TEXT DEFAULT '' NOT NULL, 
	next_lived FLOAT NOT NULL, 
	next_at FLOAT NOT NULL, 
	whole_lived FLOAT, 
	looked_at FLOAT, 
	found_at FLOAT, 
	failures INTEGER DEFAULT '0' NOT NULL, 
	feed_query TEXT DEFAULT '' NOT NULL, 
	etag TEXT DEFAULT '' NOT NULL, 
	modified TEXT DEFAULT '' NOT NULL, 
	created_at FLOAT NOT NULL, 
	UNIQUE (collection_id), 
	FOREIGN KEY(collection_id) REFERENCES collections (id)
)
CREATE TABLE switched_off_links (
	drop_id INTEGER NOT NULL, 
	line INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	PRIMARY KEY (drop_id, line, number), 
	FOREIGN KEY(drop_id) REFERENCES drops (id)
)
 WITHOUT ROWID
CREATE TABLE totals (
	id INTEGER NOT NULL, 
	queued INTEGER DEFAULT '0' NOT NULL, 
	held INTEGER DEFAULT '0' NOT NULL, 
	running INTEGER DEFAULT '0' NOT NULL, 
	waiting INTEGER DEFAULT '0' NOT NULL, 
	completed INTEGER DEFAULT '0' NOT NULL, 
	failed INTEGER DEFAULT '0' NOT NULL, 
	cancelled INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (id)
)
CREATE UNIQUE INDEX drops_unfiled ON drops (session_id, name, sha256) WHERE state IN ('recording', 'recorded')
CREATE UNIQUE INDEX sessions_by_key ON sessions (key_sha256)
CREATE UNIQUE INDEX sessions_one_active_of_a_name ON sessions (name) WHERE state = 'active'
down_revision = "0001"
down_revision = "0002"
down_revision = "0003"
down_revision = "0004"
down_revision = "0005"
down_revision = "0006"
down_revision = "0007"
down_revision = "0008"
down_revision = "0009"
down_revision = "0010"
down_revision = "0011"
down_revision = "0012"
down_revision = None
revision = "0001"
revision = "0002"
revision = "0003"
revision = "0004"
revision = "0005"
revision = "0006"
revision = "0007"
revision = "0008"
revision = "0009"
revision = "0010"
revision = "0011"
revision = "0012"
revision = "0013"
