//! A chain whose epochs the test anchors itself, and a proxy to it that can be closed.

use std::net::SocketAddr;

use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy_primitives::{Address, B256, keccak256};
use shelfproof_contracts::ShelfproofRegistry;
use shelfproof_tests::Result;
use shelfproof_tests::anvil::{Anvil, CHAIN_ID, Settings};
use shelfproof_tests::postgres::Postgres;
use shelfproof_tests::shop;
use shelfproof_tests::vector_chain::{anchor, block_on, client};
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::epoch::{Header, merchant_id};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// Anvil, the registry and one merchant.
pub(super) struct Chain {
    anvil: Anvil,
    identity: Identity,
    owner: Address,
}

impl Chain {
    pub(super) fn start() -> Result<Self> {
        Self::start_at(None)
    }

    /// Like `start`, with the time of the genesis block in Unix seconds.
    pub(super) fn start_at(genesis_at_s: Option<u64>) -> Result<Self> {
        let anvil = Anvil::start(Settings {
            genesis_at_s,
            ..Settings::default()
        })?;
        let (registry, owner) = block_on(registered(anvil.url()))??;
        let identity = Identity {
            chain_id: CHAIN_ID,
            registry,
            merchant_id: merchant_id(CHAIN_ID, &registry, &owner, &B256::ZERO),
        };
        Ok(Self { anvil, identity, owner })
    }

    /// Returns the settings for a shop of that merchant.
    pub(super) fn settings(&self) -> shop::Chain {
        shop::Chain {
            identity: self.identity,
            rpc: self.anvil.url().to_owned(),
        }
    }

    /// Anchors an epoch of one event that no shop knows.
    pub(super) fn anchor(&self, number: u64, parent: B256) -> Result<Epoch> {
        let header = Header {
            number,
            parent,
            events_root: keccak256("events"),
            history_root: keccak256("history"),
            event_count: 1,
            data_hash: keccak256("data"),
        };
        block_on(async {
            let registry = ShelfproofRegistry::new(self.identity.registry, client(self.anvil.url())?);
            anchor(&registry, self.identity.merchant_id, self.owner, &header).await
        })??;
        let hash = header.hash(&self.identity.merchant_id);
        Ok(Epoch { header, hash })
    }

    /// Moves the chain's time forward, and makes a block.
    pub(super) fn pass(&self, seconds: u64) -> Result<()> {
        block_on(async {
            let provider = client(self.anvil.url())?;
            provider.anvil_increase_time(seconds).await?;
            Ok(provider.anvil_mine(Some(1), None).await?)
        })?
    }

    /// Opens that gateway with this chain as its target.
    pub(super) fn open(&self, gateway: Gateway) -> Result<JoinHandle<()>> {
        gateway.open(self.anvil.url())
    }
}

/// An epoch that was anchored.
#[derive(Clone, Debug)]
pub(super) struct Epoch {
    header: Header,
    pub(super) hash: B256,
}

impl Epoch {
    /// Writes the epoch into a database, as an anchor does before it sends it.
    pub(super) fn store(&self, postgres: &Postgres, database: &str) -> Result<()> {
        let Header {
            number,
            parent,
            events_root,
            history_root,
            event_count,
            data_hash,
        } = &self.header;
        let bytes = |hash: &B256| format!("decode('{}', 'hex')", &hash.to_string()[2..]);
        let sql = format!(
            "INSERT INTO attest.epochs (number, parent, since, snapshot, cut_at_ms, events_root, history_root, event_count,
                                        data_hash, hash, newest_at_ms, roots_at_ms)
             VALUES ({number}, {}, '1:1:', pg_current_snapshot(), 1, {}, {}, {event_count}, {}, {}, 1, 1)",
            bytes(parent),
            bytes(events_root),
            bytes(history_root),
            bytes(data_hash),
            bytes(&self.hash)
        );
        postgres.psql(database, &sql).map(drop)
    }
}

async fn registered(url: &str) -> Result<(Address, Address)> {
    let provider = client(url)?;
    let accounts = provider.get_accounts().await?;
    let owner = *accounts.first().ok_or("anvil has no account")?;
    let deployment = ShelfproofRegistry::deploy_builder(provider.clone(), Address::ZERO).from(owner);
    let deployed = deployment.send().await?.get_receipt().await?;
    let address = deployed.contract_address.ok_or("no contract was deployed")?;
    let registry = ShelfproofRegistry::new(address, provider);
    let uri = "https://shop.example/data".to_owned();
    let register = registry.register(B256::ZERO, keccak256("vrf"), owner, Address::repeat_byte(1), uri);
    register.from(owner).send().await?.get_receipt().await?;
    Ok((address, owner))
}

/// An address that refuses every connection until it is opened.
pub(super) struct Gateway {
    socket: TcpSocket,
    address: SocketAddr,
}

impl Gateway {
    /// Reserves a free port.
    pub(super) fn closed() -> Result<Self> {
        Self::closed_at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Reserves the port of an earlier gateway.
    pub(super) fn closed_at(address: SocketAddr) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        // Connections of the earlier gateway may still exist.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns its http address.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn open(self, target: &str) -> Result<JoinHandle<()>> {
        let target: SocketAddr = target.trim_start_matches("http://").parse()?;
        let listener = self.socket.listen(64)?;
        Ok(tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(target).await {
                        // Either side may close the connection at any time.
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        }))
    }
}
