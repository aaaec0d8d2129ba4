//! Requests and replies by the `zmq` crate, in the clear and encrypted. Nothing in here knows which libzmq is
//! under it; `.cargo/config.toml` decides that. See README.md beside.
//!
//! Prints which library it runs on, and one line per conversation.

use std::error::Error;
use std::{fs, thread};

use zmq::{Context, CurveKeyPair, Socket};

/// How often the client asks.
const QUESTIONS: usize = 1000;

/// How long either side waits for the other, in milliseconds.
const LIMIT: i32 = 30_000;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

fn main() -> Outcome {
    let (major, minor, patch) = zmq::version();
    println!("libzmq {major}.{minor}.{patch}, {}", library()?);

    let context = Context::new();
    let (server, client) = pair(&context)?;
    println!("REQ/REP: {} replies", converse(server, client)?);

    // A library without CURVE would refuse the options below; this says it in clear words.
    if zmq::has("curve") != Some(true) {
        return Err("this libzmq has no CURVE".into());
    }
    let (server, client) = pair(&context)?;
    let (server_keys, client_keys) = (CurveKeyPair::new()?, CurveKeyPair::new()?);
    server.set_curve_server(true)?;
    server.set_curve_secretkey(&server_keys.secret_key)?;
    client.set_curve_serverkey(&server_keys.public_key)?;
    client.set_curve_publickey(&client_keys.public_key)?;
    client.set_curve_secretkey(&client_keys.secret_key)?;
    println!("CURVE:   {} replies", converse(server, client)?);
    Ok(())
}

/// The file that this process has libzmq from: the only hint that it is not the crate's own copy.
fn library() -> Result<String, Box<dyn Error + Send + Sync>> {
    let maps = fs::read_to_string("/proc/self/maps")?;
    Ok(maps
        .lines()
        .filter_map(|line| line.find('/').map(|at| &line[at..]))
        .find(|path| path.contains("/libzmq.so"))
        .unwrap_or("static")
        .to_owned())
}

/// A server's and a client's socket, not connected yet.
fn pair(context: &Context) -> zmq::Result<(Socket, Socket)> {
    let sockets = (context.socket(zmq::REP)?, context.socket(zmq::REQ)?);
    for socket in [&sockets.0, &sockets.1] {
        socket.set_linger(0)?;
        socket.set_rcvtimeo(LIMIT)?;
        socket.set_sndtimeo(LIMIT)?;
    }
    Ok(sockets)
}

/// Asks and answers over tcp, each side on a thread of its own; tells how many replies were right.
fn converse(server: Socket, client: Socket) -> Result<usize, Box<dyn Error + Send + Sync>> {
    server.bind("tcp://127.0.0.1:*")?;
    let endpoint = server
        .get_last_endpoint()?
        .map_err(|_| "an endpoint that is no text")?;
    client.connect(&endpoint)?;

    let answering = thread::spawn(move || -> Outcome {
        for _ in 0..QUESTIONS {
            let question = server.recv_multipart(0)?;
            let answer: Vec<_> = question.into_iter().rev().collect();
            server.send_multipart(answer, 0)?;
        }
        Ok(())
    });
    let mut right = 0;
    for number in 0..QUESTIONS {
        let (name, body) = (number.to_string().into_bytes(), vec![number as u8; number]);
        client.send_multipart([&name, &body], 0)?;
        if client.recv_multipart(0)? != [body, name] {
            return Err(format!("a wrong reply to question {number}").into());
        }
        right += 1;
    }
    answering.join().map_err(|_| "the server panicked")??;
    Ok(right)
}
