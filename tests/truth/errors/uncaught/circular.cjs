const parent = { name: 'p', child: {} };
parent.child.parent = parent;
JSON.stringify(parent);
