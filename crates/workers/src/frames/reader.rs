//! Values off the front of bytes. Never panics and never reads past the end.

use super::{Result, refuse};

/// Takes values off the front of bytes, or refuses.
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return refuse(format!(
                "{count} bytes expected, {} left in the frame",
                self.rest.len()
            ));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let taken = self.take(N)?;
        Ok(taken.try_into().expect("take gives as many bytes as asked"))
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(super) fn size(&mut self) -> Result<usize> {
        let size = self.u64()?;
        usize::try_from(size).or_else(|_| refuse(format!("size {size} is too large")))
    }

    pub(super) fn string(&mut self) -> Result<&'a str> {
        let length = self.u16()? as usize;
        self.utf8(length)
    }

    pub(super) fn text(&mut self) -> Result<&'a str> {
        let length = self.u32()? as usize;
        self.utf8(length)
    }

    fn utf8(&mut self, length: usize) -> Result<&'a str> {
        std::str::from_utf8(self.take(length)?)
            .or_else(|_| refuse("a string in the frame is not UTF-8"))
    }
}
