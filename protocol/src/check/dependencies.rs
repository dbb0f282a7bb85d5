//! The rules over `depends_on` of all checks of the files that one program reads. Checks of other files may declare the
//! rest, so a parent that is not declared here is no error.

use std::collections::HashMap;

use super::Check;
use crate::strict::{Position, Problems, nearest};

/// How many checks a check may depend on directly.
pub const MAX_PARENTS: usize = 20;

/// How many unknown parents are compared with all known checks; more of them are not typing errors.
const MAX_COMPARED: usize = 100;

/// Refuses checks that depend on themselves through others, each circle once.
pub fn refuse_cycles(checks: &[(&Check, &Position)], problems: &mut Problems) {
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (place, (check, _)) in checks.iter().enumerate() {
        places.entry(&check.name).or_insert(place);
    }
    let parents: Vec<Vec<usize>> = checks
        .iter()
        .enumerate()
        .map(|(place, (check, _))| {
            // That a check names itself is refused where it is read.
            let known = check.depends_on.iter().filter_map(|name| places.get(name.as_str()).copied());
            known.filter(|parent| *parent != place).collect()
        })
        .collect();
    for circle in circles(&parents) {
        let (check, position) = checks[circle[0]];
        let names: Vec<String> =
            circle.iter().chain([&circle[0]]).map(|at| format!("\"{}\"", checks[*at].0.name)).collect();
        let wrong = format!("depends_on leads back to the check itself: {}", names.join(" depends on "));
        let remedy = "Remove one of these dependencies: together these checks would hold each other back.";
        problems.add_at(position, format!("check \"{}\"", check.name), wrong, remedy);
    }
}

/// A circle for each way back that a walk over all nodes meets, each from its smallest node on.
fn circles(parents: &[Vec<usize>]) -> Vec<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Never,
        OnPath,
        Done,
    }
    let mut seen = vec![Seen::Never; parents.len()];
    let mut found = Vec::new();
    for start in 0..parents.len() {
        if seen[start] != Seen::Never {
            continue;
        }
        seen[start] = Seen::OnPath;
        let mut path = vec![(start, 0)];
        while let Some((node, next)) = path.last_mut() {
            let Some(parent) = parents[*node].get(*next).copied() else {
                seen[*node] = Seen::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match seen[parent] {
                Seen::Done => {}
                Seen::Never => {
                    seen[parent] = Seen::OnPath;
                    path.push((parent, 0));
                }
                Seen::OnPath => {
                    let back = path.iter().skip_while(|(node, _)| *node != parent).map(|(node, _)| *node);
                    let mut circle: Vec<usize> = back.collect();
                    let least = circle.iter().enumerate().min_by_key(|(_, node)| **node);
                    let least = least.map_or(0, |(index, _)| index);
                    circle.rotate_left(least);
                    found.push(circle);
                }
            }
        }
    }
    found
}

/// The parents that none of these checks is, each with the check that depends on it, its position, and the name that
/// was probably meant.
pub fn undeclared_parents<'c>(
    checks: &[(&'c Check, &'c Position)],
) -> Vec<(&'c Check, &'c Position, &'c str, Option<&'c str>)> {
    let names = || checks.iter().map(|(check, _)| check.name.as_str());
    let known: HashMap<&str, ()> = names().map(|name| (name, ())).collect();
    let mut meant: HashMap<&str, Option<&str>> = HashMap::new();
    let mut found = Vec::new();
    for (check, position) in checks {
        for parent in check.depends_on.iter().filter(|parent| !known.contains_key(parent.as_str())) {
            let compares = meant.len() < MAX_COMPARED;
            let others = || names().filter(|name| compares && *name != check.name);
            let near = *meant.entry(parent).or_insert_with(|| nearest(parent, others()));
            found.push((*check, *position, parent.as_str(), near));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parents of each check, and the circles.
    type Case<'a> = (&'a [&'a [usize]], &'a [&'a [usize]]);

    #[test]
    fn circles_are_found_once_each() {
        let cases: [Case<'_>; 6] = [
            (&[], &[]),
            (&[&[1], &[2], &[]], &[]),
            (&[&[1, 2], &[3], &[3], &[]], &[]),
            (&[&[1], &[0]], &[&[0, 1]]),
            (&[&[1], &[2], &[1]], &[&[1, 2]]),
            (&[&[1], &[0], &[3], &[4], &[2, 0]], &[&[0, 1], &[2, 3, 4]]),
        ];
        for (parents, expected) in cases {
            let parents: Vec<Vec<usize>> = parents.iter().map(|one| one.to_vec()).collect();
            assert_eq!(circles(&parents), expected, "{parents:?}");
        }
    }

    #[test]
    fn a_chain_of_any_length_is_walked() {
        let long: Vec<Vec<usize>> = (0..50_000).map(|node| vec![(node + 1) % 50_000]).collect();
        assert_eq!(circles(&long).len(), 1);
    }
}
