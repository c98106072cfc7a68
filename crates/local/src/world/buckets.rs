//! A folder that replaces S3: `s3://bucket/key` is the file `folder/bucket/key`. Files outside the folder are never read or
//! written.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The limit of a file's length. Longer files are not read.
const MAX_FILE: u64 = 64 << 20;

/// The S3 buckets, as subfolders of a folder.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    folder: PathBuf,
}

impl Buckets {
    /// Opens a folder. Creates it if it does not exist.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let with_folder = |error: io::Error| {
            io::Error::new(error.kind(), format!("the bucket folder {}: {error}", folder.display()))
        };
        fs::create_dir_all(folder).map_err(with_folder)?;
        Ok(Self { folder: fs::canonicalize(folder).map_err(with_folder)? })
    }

    /// Checks that a URI is a file in a bucket. The error says why it is not.
    pub(crate) fn check(&self, uri: &str) -> Result<(), String> {
        self.path(uri).map(|_| ())
    }

    /// Writes a file. Creates its folders.
    pub(crate) fn write(&self, uri: &str, bytes: &[u8]) -> Result<(), String> {
        let path = self.path(uri)?;
        let with_uri = |error: io::Error| format!("{uri} could not be written: {error}");
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(with_uri)?;
        }
        fs::write(&path, bytes).map_err(with_uri)
    }

    /// Adds to the end of a file, which exists.
    pub(crate) fn append(&self, uri: &str, bytes: &[u8]) -> Result<(), String> {
        let file = File::options().append(true).open(self.path(uri)?);
        file.and_then(|mut file| file.write_all(bytes))
            .map_err(|error| format!("{uri} could not be written: {error}"))
    }

    /// Opens a file to read its lines.
    pub(crate) fn lines(&self, uri: &str) -> Result<FileLines, String> {
        let file =
            File::open(self.path(uri)?).map_err(|error| format!("{uri} could not be read: {error}"))?;
        Ok(FileLines { uri: uri.to_owned(), file: BufReader::new(file) })
    }

    /// Reads a file, or returns `None` if it does not exist.
    pub(crate) fn read(&self, uri: &str) -> Result<Option<Vec<u8>>, String> {
        let path = self.path(uri)?;
        match fs::metadata(&path) {
            Ok(file) if !file.is_file() => return Ok(None),
            Ok(file) if file.len() > MAX_FILE => {
                return Err(format!("{uri} is longer than {MAX_FILE} bytes"));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{uri} could not be read: {error}")),
        }
        fs::read(&path).map(Some).map_err(|error| format!("{uri} could not be read: {error}"))
    }

    /// Returns the URI itself if it is a file, else the files in this folder with this suffix, ordered by name.
    pub(crate) fn files(&self, uri: &str, suffix: &str) -> Result<Vec<String>, String> {
        let path = self.path(uri)?;
        if path.is_file() {
            return Ok(vec![uri.to_owned()]);
        }
        let Ok(entries) = fs::read_dir(path) else { return Ok(Vec::new()) };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|name| name.ends_with(suffix)).collect();
        names.sort();
        Ok(names.iter().map(|name| join_uri(uri, name)).collect())
    }

    /// Returns the path of a URI. A `..` or a link is an error, since it could lead out of the folder.
    fn path(&self, uri: &str) -> Result<PathBuf, String> {
        let key = uri.strip_prefix("s3://").ok_or_else(|| format!("{uri} is not an S3 URI"))?;
        let mut path = self.folder.clone();
        for part in key.split('/').filter(|part| !part.is_empty()) {
            if matches!(part, "." | "..") || part.contains(['\\', ':', '\0']) {
                return Err(format!("{uri} leads out of the folder of the buckets, or could"));
            }
            path.push(part);
            if fs::symlink_metadata(&path).is_ok_and(|file| file.is_symlink()) {
                return Err(format!(
                    "{uri} goes through a link, which could lead out of the folder of the buckets"
                ));
            }
        }
        if path == self.folder {
            return Err(format!("{uri} names no bucket"));
        }
        Ok(path)
    }
}

/// The lines of a file, read one by one.
#[derive(Debug)]
pub(crate) struct FileLines {
    uri: String,
    file: BufReader<File>,
}

impl FileLines {
    /// Returns the next line, with its end. `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<String>, String> {
        let mut line = Vec::new();
        let read = self.file.by_ref().take(MAX_FILE).read_until(b'\n', &mut line);
        match read {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some(String::from_utf8_lossy(&line).into_owned())),
            Err(error) => Err(format!("{} could not be read: {error}", self.uri)),
        }
    }
}

/// Returns the URI of a file in a folder.
pub(crate) fn join_uri(folder: &str, name: &str) -> String {
    format!("{}/{name}", folder.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn folder(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("bedrock-local-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Folder(path)
    }

    #[test]
    fn files_are_written_listed_and_read() {
        let folder = folder("files");
        let buckets = Buckets::open(&folder.0).unwrap();
        assert_eq!(buckets.read("s3://bucket/a/b.jsonl"), Ok(None));
        for name in ["b.jsonl", "a.jsonl", "c.txt"] {
            buckets.write(&format!("s3://bucket/in//{name}"), name.as_bytes()).unwrap();
        }
        assert_eq!(buckets.read("s3://bucket/in/b.jsonl"), Ok(Some(b"b.jsonl".to_vec())));
        buckets.append("s3://bucket/in/c.txt", b"\n\nlast").unwrap();
        let mut lines = buckets.lines("s3://bucket/in/c.txt").unwrap();
        let read: Vec<_> = std::iter::from_fn(|| lines.next().unwrap()).collect();
        assert_eq!(read, ["c.txt\n", "\n", "last"]);
        let expected = ["s3://bucket/in/a.jsonl", "s3://bucket/in/b.jsonl"].map(str::to_owned);
        assert_eq!(buckets.files("s3://bucket/in/", ".jsonl"), Ok(expected.to_vec()));
        assert_eq!(buckets.files("s3://bucket/in/c.txt", ".jsonl").unwrap().len(), 1);
        assert!(buckets.files("s3://other", ".jsonl").unwrap().is_empty());
    }

    #[test]
    fn no_uri_leads_out_of_the_folder() {
        let folder = folder("out");
        let buckets = Buckets::open(&folder.0.join("inside")).unwrap();
        for uri in [
            "s3://../x",
            "s3://bucket/../../x",
            "s3://bucket/a/..",
            "s3://bucket/./a",
            "s3://bucket/a\\..\\b",
            "s3://c:/x",
            "s3://",
            "s3:///",
            "/etc/passwd",
            "file:///etc/passwd",
            "s3://bucket/a\0b",
        ] {
            assert!(buckets.check(uri).is_err(), "{uri}");
            assert!(buckets.write(uri, b"x").is_err(), "{uri}");
            assert!(buckets.read(uri).is_err(), "{uri}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&folder.0, folder.0.join("inside/bucket")).unwrap();
            assert!(buckets.write("s3://bucket/escaped", b"x").is_err());
            assert!(!folder.0.join("escaped").exists());
        }
    }
}
