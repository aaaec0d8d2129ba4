//! A radix tree from byte strings to values, with stable node numbers.
//!
//! Edges carry as many bytes as they can, so a tree of n strings has fewer than 2n nodes, whatever
//! the strings' lengths. Nodes live in one vector and name each other by number: dropping the tree
//! or walking it in any direction is a loop. A node with a value keeps its number until the value
//! is gone, through all splits and merges around it. Node 0 is the root, the empty string.

/// Number of a node.
pub(super) type NodeId = u32;

const ROOT: NodeId = 0;

/// Longest label kept inside the node: what fits beside a boxed slice's size and tag.
const SHORT: usize = 22;

/// The bytes between a node's parent and the node.
#[derive(Debug)]
enum Label {
    Short { len: u8, bytes: [u8; SHORT] },
    Long(Box<[u8]>),
}

impl Label {
    fn of(bytes: &[u8]) -> Self {
        Self::joined(bytes, &[])
    }

    fn joined(front: &[u8], back: &[u8]) -> Self {
        let len = front.len() + back.len();
        if len > SHORT {
            return Self::Long([front, back].concat().into_boxed_slice());
        }
        let mut bytes = [0; SHORT];
        bytes[..front.len()].copy_from_slice(front);
        bytes[front.len()..len].copy_from_slice(back);
        Self::Short {
            len: len as u8,
            bytes,
        }
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => &bytes[..usize::from(*len)],
            Self::Long(bytes) => bytes,
        }
    }
}

/// A child by the first byte of its label.
#[derive(Clone, Copy, Debug)]
struct Child {
    first: u8,
    node: NodeId,
}

#[derive(Debug)]
struct Node<V> {
    label: Label,
    /// Sorted by first byte.
    children: Box<[Child]>,
    value: Option<V>,
    parent: NodeId,
}

/// The tree. A value may be put in and taken out through [`Radix::value_mut`]; after taking one
/// out, [`Radix::prune`] must be called.
#[derive(Debug)]
pub(super) struct Radix<V> {
    nodes: Vec<Node<V>>,
    free: Vec<NodeId>,
}

impl<V> Default for Radix<V> {
    fn default() -> Self {
        let mut tree = Self {
            nodes: Vec::new(),
            free: Vec::new(),
        };
        tree.make(Label::of(&[]), ROOT);
        tree
    }
}

impl<V> Radix<V> {
    fn node(&self, id: NodeId) -> &Node<V> {
        &self.nodes[id as usize]
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node<V> {
        &mut self.nodes[id as usize]
    }

    fn make(&mut self, label: Label, parent: NodeId) -> NodeId {
        let node = Node {
            label,
            children: Box::default(),
            value: None,
            parent,
        };
        if let Some(id) = self.free.pop() {
            *self.node_mut(id) = node;
            return id;
        }
        // Four billion nodes would need hundreds of gigabytes: the number fits.
        let id = self.nodes.len() as NodeId;
        self.nodes.push(node);
        id
    }

    #[inline]
    fn child(&self, id: NodeId, first: u8) -> Option<NodeId> {
        let children = &self.node(id).children;
        let place = children
            .binary_search_by_key(&first, |child| child.first)
            .ok()?;
        Some(children[place].node)
    }

    fn add_child(&mut self, id: NodeId, child: Child) {
        let node = self.node_mut(id);
        let place = node
            .children
            .partition_point(|other| other.first < child.first);
        let mut children = std::mem::take(&mut node.children).into_vec();
        children.reserve_exact(1);
        children.insert(place, child);
        node.children = children.into_boxed_slice();
    }

    /// The value of a node.
    pub(super) fn value(&self, id: NodeId) -> Option<&V> {
        self.nodes.get(id as usize)?.value.as_ref()
    }

    /// The place of a node's value.
    pub(super) fn value_mut(&mut self, id: NodeId) -> &mut Option<V> {
        &mut self.node_mut(id).value
    }

    /// The node of a string, if the tree has one.
    pub(super) fn find(&self, key: &[u8]) -> Option<NodeId> {
        let (mut id, mut rest) = (ROOT, key);
        while let Some(&first) = rest.first() {
            id = self.child(id, first)?;
            rest = rest.strip_prefix(self.node(id).label.bytes())?;
        }
        Some(id)
    }

    /// The node of a string, made if there was none.
    pub(super) fn enter(&mut self, key: &[u8]) -> NodeId {
        let (mut id, mut rest) = (ROOT, key);
        while let Some(&first) = rest.first() {
            let Some(child) = self.child(id, first) else {
                let node = self.make(Label::of(rest), id);
                self.add_child(id, Child { first, node });
                return node;
            };
            let label = self.node(child).label.bytes();
            let common = label.iter().zip(rest).take_while(|(a, b)| a == b).count();
            id = if common == label.len() {
                child
            } else {
                self.split(child, common)
            };
            rest = &rest[common..];
        }
        id
    }

    /// Puts a new node in front of `id`, after `common` bytes of its label.
    fn split(&mut self, id: NodeId, common: usize) -> NodeId {
        let node = self.node(id);
        let (front, back) = node.label.bytes().split_at(common);
        let (front, back) = (Label::of(front), Label::of(back));
        let parent = node.parent;
        let first = front.bytes()[0];
        let child = Child {
            first: back.bytes()[0],
            node: id,
        };
        let middle = self.make(front, parent);
        self.add_child(middle, child);
        let node = self.node_mut(id);
        node.label = back;
        node.parent = middle;
        self.replace_child(parent, first, middle);
        middle
    }

    fn replace_child(&mut self, id: NodeId, first: u8, node: NodeId) {
        for child in &mut self.node_mut(id).children {
            if child.first == first {
                child.node = node;
            }
        }
    }

    /// Takes out a node that has no value any more, as far as nothing else needs it.
    pub(super) fn prune(&mut self, id: NodeId) {
        if id == ROOT || self.node(id).value.is_some() {
            return;
        }
        match *self.node(id).children {
            [] => {
                let node = self.node(id);
                let (parent, first) = (node.parent, node.label.bytes()[0]);
                let siblings = std::mem::take(&mut self.node_mut(parent).children);
                let mut siblings = siblings.into_vec();
                siblings.retain(|child| child.first != first);
                siblings.shrink_to_fit();
                self.node_mut(parent).children = siblings.into_boxed_slice();
                self.release(id);
                // The parent may have stood here as a fork only.
                if parent != ROOT
                    && self.node(parent).value.is_none()
                    && let [only] = *self.node(parent).children
                {
                    self.merge(parent, only.node);
                }
            }
            [only] => self.merge(id, only.node),
            _ => {}
        }
    }

    /// Takes out `id`, which has no value and only the child `only`.
    fn merge(&mut self, id: NodeId, only: NodeId) {
        let node = self.node(id);
        let (parent, first) = (node.parent, node.label.bytes()[0]);
        let label = Label::joined(node.label.bytes(), self.node(only).label.bytes());
        let child = self.node_mut(only);
        child.label = label;
        child.parent = parent;
        self.replace_child(parent, first, only);
        self.release(id);
    }

    fn release(&mut self, id: NodeId) {
        *self.node_mut(id) = Node {
            label: Label::of(&[]),
            children: Box::default(),
            value: None,
            parent: ROOT,
        };
        self.free.push(id);
        if self.free.len() + 1 == self.nodes.len() {
            // Only the root is left: give the memory back.
            self.free = Vec::new();
            self.nodes.truncate(1);
            self.nodes.shrink_to_fit();
        }
    }

    /// Calls `visit` for the value of every string that `data` begins with, shortest first, until
    /// it returns false.
    #[inline]
    pub(super) fn visit_prefixes(&self, data: &[u8], mut visit: impl FnMut(&V) -> bool) {
        let (mut id, mut rest) = (ROOT, data);
        loop {
            if let Some(value) = &self.node(id).value
                && !visit(value)
            {
                return;
            }
            let Some(&first) = rest.first() else { return };
            let Some(child) = self.child(id, first) else {
                return;
            };
            let Some(after) = rest.strip_prefix(self.node(child).label.bytes()) else {
                return;
            };
            (id, rest) = (child, after);
        }
    }

    /// Writes the string of a node to the end of `out`.
    pub(super) fn key(&self, id: NodeId, out: &mut Vec<u8>) {
        let start = out.len();
        let mut node = id;
        while node != ROOT {
            out.extend(self.node(node).label.bytes().iter().rev());
            node = self.node(node).parent;
        }
        out[start..].reverse();
    }

    /// The nodes that have a value, in no order that means anything.
    pub(super) fn valued(&self) -> impl Iterator<Item = NodeId> + '_ {
        let nodes = self.nodes.iter().enumerate();
        nodes
            .filter(|(_, node)| node.value.is_some())
            .map(|(id, _)| id as NodeId)
    }

    /// Number of nodes, the root too.
    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.nodes.len() - self.free.len()
    }
}
