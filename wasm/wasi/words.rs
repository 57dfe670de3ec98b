// A WASI command in Rust, for tests: counts words of standard input and of every file below /texts.
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn count(text: &str, words: &mut BTreeMap<String, u32>) {
    for word in text.split_whitespace() {
        *words.entry(word.to_lowercase()).or_insert(0) += 1;
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words = BTreeMap::new();
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).expect("standard input is UTF-8");
    count(&text, &mut words);
    if let Ok(folder) = std::fs::read_dir("/texts") {
        let mut paths: Vec<_> = folder.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.is_file()) {
            let content = std::fs::read_to_string(path).expect("a file");
            println!("{}: {} bytes", path.display(), content.len());
            count(&content, &mut words);
        }
    }
    for (word, times) in &words {
        println!("{} {}", times, word);
    }
    if arguments.iter().any(|argument| argument == "host") {
        let begun = Instant::now();
        std::thread::sleep(Duration::from_millis(1500));
        println!("slept {} ms", begun.elapsed().as_millis());
        println!("{} s", SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs());
        let shuffled: HashMap<u32, u32> = (0..8).map(|n| (n, n)).collect();
        println!("{:?}", shuffled.keys().collect::<Vec<_>>());
        println!("{:?}", std::fs::write("/texts/new", "x").map_err(|error| error.raw_os_error()));
    }
    if words.is_empty() {
        eprintln!("no words");
        std::process::exit(2);
    }
}
